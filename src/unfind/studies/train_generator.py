"""Fit the generator of the amortised cloak: a model and photos in, one file out, measured on photos it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from unfind.cloaks.aim import VOTERS, vote
from unfind.cloaks.fit_generator import GeneratorFit, fit_generator
from unfind.cloaks.generator import Design, Generator, save_generator
from unfind.cloaks.goal import seen
from unfind.cloaks.pace import PAPER_BUDGET
from unfind.cloaks.victim import Victim
from unfind.datasets.spec import load
from unfind.errors import UsageError
from unfind.models.embed import to_tensor
from unfind.studies.material import prepare
from unfind.studies.progress import Progress, silent
from unfind.studies.seen_by import SeenBy, load_victims
from unfind.studies.stopwatch import now

CHECKED = 200
"""Photos that the generator is measured on, at most: enough for a share of bits to within a hundredth."""
VOTES = 8
"""Target codes of each class, of nine photos each."""
SUFFIX = ".safetensors"


@dataclass(frozen=True)
class GeneratorRequest:
    """What to fit.

    Attributes:
        data: photos to learn on, as for train; the classes lend their codes as targets.
        against: the model's folder, or several for an ensemble.
        budget: largest change of a pixel, in pixel values of 0..1.
        width: channels of the net.
        blocks: residual blocks.
        fit: the numbers of the loop.
    """

    data: str
    against: Sequence[Path]
    budget: float = PAPER_BUDGET
    width: int = 64
    blocks: int = 3
    fit: GeneratorFit = field(default_factory=GeneratorFit)


@dataclass(frozen=True)
class TrainedGenerator:
    """What a fit came to.

    Attributes:
        file: of the generator.
        figures: "towards", the share of bits that are right when a class is the target; "away", the share of its own
            bits a photo has lost; "before", the share that is right without a cloak; "seconds_per_photo"; "photos".
        refused: (file, sentence) of photos that could not be decoded.
    """

    file: Path
    figures: dict[str, float]
    refused: list[tuple[str, str]]


def train_generator(
    request: GeneratorRequest, file: Path, *, backbone: str | None = None, progress: Progress = silent
) -> TrainedGenerator:
    """Fit a generator to a model and write it.

    Args:
        request: what to fit.
        file: the generator's, ending in .safetensors; its folder is made where absent.
        backbone: the Python file that makes the model's backbone, where it is the user's own.
        progress: told where it stands.

    Raises:
        UnfindError: whatever stands in the way.
    """
    if file.suffix != SUFFIX:
        raise UsageError(f"Expected a file that ends in {SUFFIX}, got {file}: change its name.")
    model = load_victims(request.against, backbone=backbone)
    split = load(request.data)
    learned, held = (prepare(part, model.side, progress=progress) for part in (split.train, split.validation))
    images = to_tensor(learned.examples.pixels)
    targets = class_codes(seen(model.victim, images), learned.examples.labels, request.fit.seed)
    design = Design(targets.shape[1], request.budget, request.width, request.blocks)
    generator = fit_generator(
        model.victim, images, targets, design, request.fit,
        on_step=lambda done, total, wrong: progress(f"fit the generator ({wrong:.0%} of bits wrong)", done, total),
    )  # fmt: skip
    figures = checked(generator, model.victim, to_tensor(held.examples.pixels[:CHECKED]), targets)
    file.parent.mkdir(parents=True, exist_ok=True)
    save_generator(file, generator, _card(request, model, figures))
    return TrainedGenerator(file, figures, learned.refused + held.refused)


def class_codes(codes: Tensor, labels: np.ndarray[Any, np.dtype[np.int64]], seed: int, votes: int = VOTES) -> Tensor:
    """Codes that may be asked for: for each class ``votes`` votes of nine of its photos, (C votes, K).

    Args:
        codes: (N, K) of -1 and +1.
        labels: (N,) the class of each.
        seed: draws the voters.
        votes: of each class.
    """
    random, found = np.random.default_rng(seed), []
    for label in np.unique(labels):
        alike = np.flatnonzero(labels == label)
        for _ in range(votes):
            few = random.permutation(alike)[:VOTERS]
            found.append(vote(codes[torch.from_numpy(few).to(codes.device)]))
    return torch.stack(found)


def checked(generator: Generator, victim: Victim, images: Tensor, targets: Tensor) -> dict[str, float]:
    """How a generator does on images (N, 3, H, W) it has not learned: see TrainedGenerator.

    Each photo is led to one of the targets in turn, and away from its own code.
    """
    own = seen(victim, images)
    wanted = targets[torch.arange(len(images)) % len(targets)].to(own)
    started = now()
    with torch.no_grad():
        reached = images + generator(images, wanted)
        seconds = now() - started
        left = images + generator(images, -own)
    return {
        "before": _alike(own, wanted),
        "towards": _alike(seen(victim, reached.clamp(0, 1)), wanted),
        "away": 1 - _alike(seen(victim, left.clamp(0, 1)), own),
        "seconds_per_photo": seconds / len(images),
        "photos": float(len(images)),
    }


def _alike(codes: Tensor, others: Tensor) -> float:
    """The share of bits that agree."""
    return float((codes == others).float().mean())


def _card(request: GeneratorRequest, model: SeenBy, figures: dict[str, float]) -> dict[str, Any]:
    return {
        "models": list(model.fingerprints),
        "side": model.side,
        "data": request.data,
        "settings": asdict(request.fit),
        "held_out": figures,
    }
