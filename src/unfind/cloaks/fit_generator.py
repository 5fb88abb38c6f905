"""Fit a generator to one model: photos and target codes in, a net that cloaks in one pass out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from unfind.cloaks.generator import Design, Generator
from unfind.cloaks.victim import Victim, check_victim
from unfind.errors import TrainingError, UsageError
from unfind.models.codes import signs

OnStep = Callable[[int, int, float], None]
"""Called with steps done, steps in all, and the share of bits that are wrong."""
LARGEST_GRADIENT = 1.0
"""Norm over all weights: one odd batch at the start must not throw the net to where it learns nothing."""


@dataclass(frozen=True)
class GeneratorFit:
    """The numbers of the fit.

    Attributes:
        steps: batches to learn from.
        batch: photos in one.
        learning_rate: of Adam, at its highest; falls along a half cosine to zero.
        away: share of each batch whose target is the opposite of the photo's own code, so that the generator can also
            be used without a target; 0..1.
        sureness: how far beyond zero a bit's logit should be, in mean absolute logits of clean photos.
        seed: of weights, batches and targets.
    """

    steps: int = 1500
    batch: int = 32
    learning_rate: float = 2e-3
    away: float = 0.25
    sureness: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("steps", "batch"):
            if getattr(self, name) < 1:
                raise UsageError(f"Expected {name} of at least 1, got {getattr(self, name)}: change it.")
        if not 0 < self.learning_rate < math.inf:
            raise UsageError(f"Expected a finite learning_rate above 0, got {self.learning_rate}: 0.002 is usual.")
        if not 0 <= self.away <= 1 or not 0 <= self.sureness < math.inf:
            raise UsageError(f"Expected away in 0..1 and sureness of at least 0, got {asdict(self)}: change them.")

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def fit_generator(
    victim: Victim,
    images: Tensor,
    targets: Tensor,
    design: Design,
    settings: GeneratorFit | None = None,
    *,
    on_step: OnStep | None = None,
) -> Generator:
    """Fit a generator against a model.

    The loss is a hinge on each bit, max(0, m - C h): it ends where the bit is right by m, so that the budget goes to
    the bits that are not.

    Args:
        victim: images to logits; not changed.
        images: (N, 3, H, W) in [0, 1], photos to learn on.
        targets: (M, K) codes that may be asked for later, such as those of a gallery's photos.
        design: of the net.
        settings: the numbers of the fit.
        on_step: told of each step.

    Returns:
        The generator in evaluation mode.

    Raises:
        UsageError: no photos or targets, or targets of another length than the design's.
        ModelError: a model without gradients.
        TrainingError: a loss that is not a number.
    """
    settings = settings or GeneratorFit()
    if len(images) == 0 or len(targets) == 0 or targets.shape[1] != design.bits:
        raise UsageError(f"Expected photos and target codes of {design.bits} bits, got {tuple(targets.shape)} targets.")
    check_victim(victim, images)
    with torch.no_grad():
        own = torch.cat([victim(part) for part in torch.split(images, 64)])
    least = settings.sureness * float(own.abs().mean())
    generator = _fresh(design, settings.seed).to(images.device)
    adam = torch.optim.Adam(generator.parameters(), lr=settings.learning_rate)
    draw = torch.Generator().manual_seed(settings.seed)
    for step in range(settings.steps):
        _set_rate(adam, settings, step)
        which, wanted = _draw(signs(own), targets, settings, draw)
        outputs = victim((images[which] + generator(images[which], wanted)).clamp(0, 1))
        loss = (least - outputs * wanted).relu().mean()
        _learn(adam, loss, step)
        if on_step is not None:
            on_step(step + 1, settings.steps, float((signs(outputs) != wanted).float().mean()))
    return generator.eval()


def _fresh(design: Design, seed: int) -> Generator:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Generator(design)


def _set_rate(adam: torch.optim.Adam, settings: GeneratorFit, step: int) -> None:
    for group in adam.param_groups:
        group["lr"] = settings.learning_rate * (1 + math.cos(math.pi * step / settings.steps)) / 2


def _draw(own: Tensor, targets: Tensor, settings: GeneratorFit, draw: torch.Generator) -> tuple[Tensor, Tensor]:
    """Positions (B,) of the photos of a batch, and what each should become, (B, K)."""
    which = torch.randint(len(own), (settings.batch,), generator=draw).to(own.device)
    wanted = targets[torch.randint(len(targets), (settings.batch,), generator=draw).to(targets.device)]
    leave = (torch.rand(settings.batch, generator=draw) < settings.away).to(own.device)
    return which, torch.where(leave[:, None], -own[which], wanted.to(own))


def _learn(adam: torch.optim.Adam, loss: Tensor, step: int) -> None:
    if not bool(loss.isfinite()):
        raise TrainingError(f"Expected a finite loss, got {loss.item()} at step {step}: lower the rate.")
    adam.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    for group in adam.param_groups:
        torch.nn.utils.clip_grad_norm_(group["params"], LARGEST_GRADIENT)
    adam.step()
