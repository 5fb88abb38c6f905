"""How a mark's second decoder is trained, the one that reads behind filters: every number of it, by name."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from unfind.errors import UsageError
from unfind.models.precision import PRECISIONS


@dataclass(frozen=True)
class FilterSettings:
    """The numbers of the training of a second decoder.

    Attributes:
        steps: batches to learn from.
        batch: marked photos in a batch, at least 4; a third as many come without a mark.
        faintest: least strength of a mark; each batch draws one ...
        loudest: ... up to this.
        learning_rate: of Adam, after ``warm`` steps; it falls along a half cosine to nothing.
        warm: steps over which the rate rises.
        presence_weight: of telling marked photos from others, beside reading bits.
        check_every: steps between lines in the log and checkpoints.
        precision: "auto", "bf16" or "fp32".
        seed: of everything that is drawn.
    """

    steps: int = 1000
    batch: int = 48
    faintest: float = 0.4
    loudest: float = 0.8
    learning_rate: float = 1e-3
    warm: int = 20
    presence_weight: float = 0.1
    check_every: int = 100
    precision: str = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        at_least = {"steps": 1, "batch": 4, "warm": 1, "presence_weight": 0, "check_every": 1, "seed": 0}
        for name, least in at_least.items():
            if not least <= getattr(self, name) < math.inf:
                raise UsageError(f"Expected a finite {name} of at least {least}, got {getattr(self, name)}: change it.")
        if not (0 < self.learning_rate < math.inf and 0 < self.faintest <= self.loudest <= 8):
            raise UsageError(
                "Expected a learning rate above 0, and strengths above 0, the loudest one at most 8 and no less than "
                f"the faintest, got {self.learning_rate}, {self.faintest} and {self.loudest}: change them."
            )
        if self.precision not in PRECISIONS:
            raise UsageError(
                f"Expected a precision out of {', '.join(PRECISIONS)}, got '{self.precision}': choose one."
            )

    def rate(self, step: int) -> float:
        """The learning rate at a step."""
        rising = min(1.0, (step + 1) / self.warm)
        return self.learning_rate * rising * (1 + math.cos(math.pi * step / self.steps)) / 2

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
