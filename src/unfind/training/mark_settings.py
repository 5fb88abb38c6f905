"""How a mark is trained: every number of it, by name."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from unfind.errors import UsageError
from unfind.models.mark_parts import WORKING_SIZE
from unfind.models.precision import PRECISIONS


@dataclass(frozen=True)
class MarkSettings:
    """The numbers of a mark's training.

    Attributes:
        steps: batches to learn from, in each attempt.
        batch: photos in a batch, at least 4.
        canvas: largest side, in pixels, at which photos are marked and distorted; they range from 128 up to it.
        learning_rate: of Adam.
        settle: from this fraction of the steps on, the rate falls along a half cosine.
        strength_start: how loud the mark is at first.
        strength_end: how faint it may become.
        fade: factor of the strength at each step in which bits are read well enough.
        ready: share of bits that must be read before distortions begin.
        hold: share of bits that must be read, through distortions, for the mark to be made fainter.
        ramp: steps over which distortions grow.
        stuck_after: steps after which an attempt is given up that still reads next to nothing ...
        stuck_below: ... namely less than this share of the bits; half is chance.
        attempts: seeds that are tried in turn.
        presence_weight: of telling marked photos from others, beside reading bits.
        loud_weight: of being loud to a retrieval encoder, where one is given.
        check_every: steps between checks on photos that are not learned from, with a line in the log.
        precision: "auto", "bf16" or "fp32".
        seed: of the first attempt; each further one takes the next.
    """

    steps: int = 12_000
    batch: int = 16
    canvas: int = 192
    learning_rate: float = 1e-3
    settle: float = 0.7
    strength_start: float = 1.5
    strength_end: float = 0.4
    fade: float = 0.9995
    ready: float = 0.97
    hold: float = 0.975
    ramp: int = 1500
    stuck_after: int = 1000
    stuck_below: float = 0.6
    attempts: int = 3
    presence_weight: float = 0.1
    loud_weight: float = 0.05
    check_every: int = 100
    precision: str = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        at_least = {"steps": 1, "batch": 4, "canvas": WORKING_SIZE, "ramp": 1, "stuck_after": 1, "attempts": 1}
        for name, least in {**at_least, "check_every": 1, "seed": 0, "presence_weight": 0, "loud_weight": 0}.items():
            if not least <= getattr(self, name) < math.inf:
                raise UsageError(f"Expected a finite {name} of at least {least}, got {getattr(self, name)}: change it.")
        for name in ("settle", "fade", "ready", "hold", "stuck_below"):
            if not 0 < getattr(self, name) <= 1:
                raise UsageError(f"Expected {name} above 0 and at most 1, got {getattr(self, name)}: it is a fraction.")
        if not (0 < self.learning_rate < math.inf and 0 < self.strength_end <= self.strength_start <= 8):
            raise UsageError(
                "Expected a learning rate above 0, and a strength that begins at 8 or less and ends at no more than "
                f"that, got {self.learning_rate}, {self.strength_start} and {self.strength_end}: change them."
            )
        if self.precision not in PRECISIONS:
            raise UsageError(
                f"Expected a precision out of {', '.join(PRECISIONS)}, got '{self.precision}': choose one."
            )

    def rate(self, step: int) -> float:
        """The learning rate at a step: whole at first, then half a cosine down to a twentieth."""
        begin = self.settle * self.steps
        done = max(0.0, step - begin) / max(self.steps - begin, 1e-9)
        return self.learning_rate * (0.05 + 0.95 * (1 + math.cos(math.pi * min(done, 1.0))) / 2)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
