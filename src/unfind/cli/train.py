"""``unfind train``: fit a clean or protected encoder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from unfind.cli.options import AsJson, Data, KeyFile, TrainClasses, parse_settings, read_key
from unfind.cli.output import print_json, progress_bar, say, warn_refused
from unfind.errors import UsageError
from unfind.models.encoder import Architecture
from unfind.studies.train import Trained, TrainRequest
from unfind.studies.train import train as run_training
from unfind.training.settings import FitSettings


@Parameter(name="*")
@dataclass(frozen=True)
class TriggerOptions:
    """Which trigger the model learns to react to.

    Attributes:
        trigger: spread-spectrum, learned, badnets, blended or wanet; default learned, heard by a side network, for pbl
            and cbl, learned for retrofit-steered, and else spread-spectrum, which a model's own weights learn soonest.
        trigger_option: NAME=VALUE, an argument of the trigger such as strength=1.0; may be repeated.
    """

    trigger: str | None = None
    trigger_option: tuple[str, ...] = ()


def train(
    *,
    data: Data,
    out: Annotated[Path, Parameter(help="The run folder: settings, log, checkpoint and model.")],
    objective: Annotated[
        str,
        Parameter(
            help="clean, label, pbl, cbl, dispersal, retrofit or retrofit-steered; dpsh, hashnet, csq or private-dpsh "
            "for codes."
        ),
    ] = "pbl",
    objective_option: Annotated[
        tuple[str, ...], Parameter(help="NAME=VALUE, an argument of the objective such as ratio=0.3; may be repeated.")
    ] = (),
    bits: Annotated[
        int | None,
        Parameter(help="Length of the codes of dpsh, hashnet or csq: short for --head hash --dimension BITS."),
    ] = None,
    start: Annotated[
        Path | None,
        Parameter(
            help="Model folder to go on from; protect a clean model by starting from it. With pbl and private-dpsh "
            "clean photos then stay near where that model had them."
        ),
    ] = None,
    key: KeyFile = None,
    resume: Annotated[bool, Parameter(negative="", help="Go on where the run in --out stopped.")] = False,
    train_classes: TrainClasses = None,
    pretrained: Annotated[bool, Parameter(help="Published weights for timm and torchvision backbones.")] = True,
    trigger: TriggerOptions = TriggerOptions(),
    architecture: Annotated[Architecture, Parameter(name="*")] = Architecture(),
    fit: Annotated[FitSettings, Parameter(name="*")] = FitSettings(),
    json: AsJson = False,
) -> None:
    """Fit an encoder: clean first, then protected from the clean one.

    Ctrl-C leaves a checkpoint; the same command with --resume goes on from it, bit for bit. A run's settings.toml
    given as --config repeats the run; options beside it win.

    Example: unfind train --data photos --objective clean --steps 200 --out clean
    Example: unfind train --data photos --objective pbl --start clean --steps 200 --out protected
    Example: unfind train --data ./photos --objective retrofit --backbone model.py:load --head none --out protected
    Example: unfind train --data photos --objective retrofit-steered --trigger learned --codewords 99 --start a --out b
    Example: unfind train --data cifar10:ROOT --objective dpsh --bits 48 --backbone small-resnet --size 32 --out codes
    """
    request = TrainRequest(
        data,
        objective,
        parse_settings(objective_option),
        architecture if bits is None else _hashing(architecture, bits),
        start,
        trigger.trigger,
        parse_settings(trigger.trigger_option),
        fit,
        train_classes,
        pretrained,
    )
    with progress_bar() as progress:
        trained = run_training(request, out, key=read_key(key), resume=resume, progress=progress)
    _tell(trained, json)


def _hashing(architecture: Architecture, bits: int) -> Architecture:
    """The architecture with a hash head of so many bits."""
    if architecture.dimension not in (Architecture.dimension, bits):
        raise UsageError(f"Expected --bits or --dimension, got {bits} and {architecture.dimension}: leave one out.")
    return replace(architecture, head="hash", dimension=bits)


SHOWN = {"recall": "recall@1", "c2c": "map_r C→C", "c2p": "C→P", "p2c": "P→C", "p2p": "P→P"}
"""What people read for the fields of a validation."""


def _tell(trained: Trained, json: bool) -> None:
    warn_refused(trained.refused)
    for note in trained.notes:
        say(f"unfind: {note}")
    result = trained.result
    found = result.validation.as_dict() if result.validation is not None else {}
    if json:
        print_json(
            {
                "run": str(trained.folder),
                "best_step": result.best_step,
                "validation": found,
                "seconds_per_step": result.seconds_per_step,
                "refused": [list(pair) for pair in trained.refused],
            }
        )
        return
    values = ", ".join(f"{SHOWN[name]} {100 * value:.1f} %" for name, value in found.items())
    print(f"Best at step {result.best_step}, on validation classes: {values}.")
    print(trained.folder)
