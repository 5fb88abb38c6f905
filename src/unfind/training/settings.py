"""How a fit is done: every number of the loop, by name."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from unfind.errors import UsageError
from unfind.models.precision import PRECISIONS


@dataclass(frozen=True)
class FitSettings:
    """The numbers of a fit.

    Attributes:
        steps: batches to learn from.
        classes_per_batch: P; a batch holds all classes where there are fewer.
        photos_per_class: K; a batch holds P * K photos.
        learning_rate: of the backbone, with Adam: 5e-5 to protect a trained net, 1e-5 to go on fitting one without
            a trigger, 1e-3 for one that is fitted from scratch (with a head_factor of 1).
        head_factor: the new linear head learns this many times faster.
        weight_decay: of Adam.
        settle: from this fraction of the steps on, the rate falls along a half cosine ...
        settled: ... to this fraction of itself.
        strength_start: a trigger whose strength can be set starts this many times stronger, since a faint one is
            not found by chance, ...
        fade: ... and fades to its own strength over this fraction of the steps.
        jpeg: whether photos, clean and triggered alike, pass a JPEG encoder of random quality.
        flip: whether photos are mirrored at random before the trigger is put in.
        validate_every: steps between validations; 0 means once per pass over the training photos.
        precision: "auto", "bf16" or "fp32".
        seed: of batches, qualities and the untrained head.
    """

    steps: int = 200
    classes_per_batch: int = 40
    photos_per_class: int = 2
    learning_rate: float = 5e-5
    head_factor: float = 10.0
    weight_decay: float = 0.0
    settle: float = 0.4
    settled: float = 0.05
    strength_start: float = 2.5
    fade: float = 0.4
    jpeg: bool = True
    flip: bool = False
    validate_every: int = 0
    precision: str = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        at_least = {"steps": 1, "classes_per_batch": 2, "photos_per_class": 2, "validate_every": 0, "seed": 0}
        for name, least in {**at_least, "weight_decay": 0}.items():
            if not least <= getattr(self, name) < math.inf:
                raise UsageError(f"Expected a finite {name} of at least {least}, got {getattr(self, name)}: change it.")
        for name in ("settle", "settled", "fade"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"Expected {name} between 0 and 1, got {getattr(self, name)}: it is a fraction.")
        for name in ("learning_rate", "head_factor", "strength_start"):
            if not 0 < getattr(self, name) < math.inf:
                raise UsageError(f"Expected a finite {name} above 0, got {getattr(self, name)}: change it.")
        if self.precision not in PRECISIONS:
            raise UsageError(
                f"Expected a precision out of {', '.join(PRECISIONS)}, got '{self.precision}': choose one."
            )

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
