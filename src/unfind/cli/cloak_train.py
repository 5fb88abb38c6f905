"""``unfind cloak-train``: the generator behind ``unfind cloak --generator``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from unfind.cli.options import AsJson, Data, OwnBackbone
from unfind.cli.output import print_json, print_table, progress_bar, warn_refused
from unfind.cloaks.fit_generator import GeneratorFit
from unfind.cloaks.pace import PAPER_BUDGET
from unfind.studies.train_generator import GeneratorRequest, train_generator


@dataclass(frozen=True)
class Effort:
    """How much is learned, and by how large a net.

    Attributes:
        steps: Batches to learn from.
        batch: Photos in one.
        learning_rate: At its highest; falls to zero.
        away: Share of photos that learn to leave their own code instead of going to a class, 0 to 1.
        sureness: How far beyond zero a bit should be, in mean absolute logits.
        width: Channels of the net.
        blocks: Residual blocks of the net.
        seed: Of weights, batches and targets.
    """

    steps: int = GeneratorFit.steps
    batch: int = GeneratorFit.batch
    learning_rate: float = GeneratorFit.learning_rate
    away: float = GeneratorFit.away
    sureness: float = GeneratorFit.sureness
    width: int = GeneratorRequest.width
    blocks: int = GeneratorRequest.blocks
    seed: int = 0


def cloak_train(
    *,
    against: Annotated[list[Path], Parameter(help="A model's folder; several make an ensemble.")],
    data: Data,
    out: Annotated[Path, Parameter(help="The generator's file, ending in .safetensors.")],
    budget: Annotated[float, Parameter(help="Largest change of a pixel; 0.032 is 8 of 255 levels.")] = PAPER_BUDGET,
    backbone: OwnBackbone = None,
    effort: Annotated[Effort, Parameter(name="*")] = Effort(),
    json: AsJson = False,
) -> None:
    """Fit a generator that cloaks photos against one model in a single pass.

    It learns on the training photos of --data to turn any photo's code into one that a class of --data votes for, and
    into the opposite of its own. Photos for validation then tell how many bits it gets right.

    Example: unfind cloak-train --against model --data objects/ --out generator.safetensors
    """
    fit = GeneratorFit(effort.steps, effort.batch, effort.learning_rate, effort.away, effort.sureness, effort.seed)
    request = GeneratorRequest(data, against, budget, effort.width, effort.blocks, fit)
    with progress_bar() as progress:
        trained = train_generator(request, out, backbone=backbone, progress=progress)
    warn_refused(trained.refused)
    if json:
        print_json({"generator": str(trained.file), "held_out": trained.figures,
                    "refused": [list(pair) for pair in trained.refused]})  # fmt: skip
        return
    print_table(
        "Held-out photos", ["measure", "value"], [[name, f"{value:.4g}"] for name, value in trained.figures.items()]
    )
    print(trained.file)
