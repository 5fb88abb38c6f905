"""The numbers of the loop that all cloaks share."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from unfind.cloaks.passages import AS_IS, Passage
from unfind.errors import UsageError

Rule = Literal["sign", "rms"]
LEAST_PSNR, MOST_PSNR = 10.0, 50.0
"""In dB. Below, a photo is spoilt; above, there is less than one of 255 levels to work with."""
ROUNDING = 1 / 4 / 255**2
"""Mean square of what rounding up or down to whole levels adds, at most."""
PAPER_BUDGET = 0.032
"""Largest change of a pixel in the experiments of RNM (section 5.3), here of pixels in [0, 1]: about 8 of 255."""


@dataclass(frozen=True)
class Pace:
    """How far, how long and how fast.

    Attributes:
        budget: largest change of a pixel value in [0, 1], whatever the model's normalisation; above 0, at most 1.
        iterations: gradient steps at most.
        psnr: of the rounded photo in dB, which no perturbation may fall below; None for no such limit. Beside a wide
            budget it lets the change gather where it does most, as in large shapes, which compression leaves alone.
        step: size of one step in pixel values; None takes an eighth of the budget, or a fifth of the root mean square
            that the PSNR allows.
        rule: "sign" moves every pixel by the step; "rms" moves along the gradient, by the step in the root mean
            square over pixels, as the published Tanh schedule does.
        momentum: share of the last direction that is kept, 0 up to but not 1.
        tolerance: an image is finished at this distance from its target (bits, or 1 - cosine).
        margin: a bit counts only from this share of the image's mean absolute logit on, so that rounding and
            compression do not turn it back.
        batch: images at once; memory grows with it, results do not depend on it.
        seed: of random starts, choices and edits.
        passages: what a photo may go through before the model sees it; a cloak has to work after each of them.
    """

    budget: float = PAPER_BUDGET
    psnr: float | None = None
    iterations: int = 100
    step: float | None = None
    rule: Rule = "sign"
    momentum: float = 0.0
    tolerance: float = 0.0
    margin: float = 0.0
    batch: int = 64
    seed: int = 0
    passages: tuple[Passage, ...] = field(default=(AS_IS,))

    def __post_init__(self) -> None:
        if not 0 < self.budget <= 1:
            raise UsageError(
                f"Expected a budget above 0 and at most 1, in pixel values of 0 to 1, got {self.budget}: "
                f"{PAPER_BUDGET} is usual."
            )
        if self.psnr is not None and not LEAST_PSNR <= self.psnr <= MOST_PSNR:
            raise UsageError(f"Expected a PSNR of {LEAST_PSNR:g} to {MOST_PSNR:g} dB, got {self.psnr}: 40 is usual.")
        for name, least in {"iterations": 0, "batch": 1, "seed": 0, "tolerance": 0.0, "margin": 0.0}.items():
            if not least <= getattr(self, name) < math.inf:
                raise UsageError(f"Expected a finite {name} of at least {least}, got {getattr(self, name)}: change it.")
        if self.step is not None and not 0 < self.step < math.inf:
            raise UsageError(f"Expected a finite step above 0, got {self.step}: leave it out for the usual one.")
        if not 0 <= self.momentum < 1:
            raise UsageError(f"Expected a momentum of 0 up to but not 1, got {self.momentum}: 0.9 is usual.")
        if self.rule not in ("sign", "rms"):
            raise UsageError(f"Expected the rule sign or rms, got '{self.rule}': choose one of them.")
        if not any(passage.judged for passage in self.passages):
            raise UsageError("Expected at least one passage that is judged, got none: add the photo as it is.")

    @property
    def stride(self) -> float:
        """The size of a step in pixel values."""
        if self.step is not None:
            return self.step
        return min(self.budget / 8, math.inf if self.largest_rms is None else self.largest_rms / 5)

    @property
    def largest_rms(self) -> float | None:
        """The largest root mean square of a perturbation over pixels that the PSNR allows."""
        return None if self.psnr is None else math.sqrt(10 ** (-self.psnr / 10) - ROUNDING)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as a state's digest and a report hold them."""
        return {**asdict(self), "passages": [passage.name for passage in self.passages]}
