"""How a fit is done: every number of the loop, by name."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

from unfind.errors import UsageError
from unfind.models.precision import PRECISIONS

SCRATCH_RATES = {False: 1e-3, True: 6e-4}
TUNING_RATES = {False: 1e-5, True: 5e-5}
TUNING_HEAD_FACTOR = 10.0
"""Without and with a trigger; chosen on validation classes."""
STEPS, STEPS_BESIDE = 200, 30
"""Of a model's own weights, and of a side network that hears the mark from the first step on."""


@dataclass(frozen=True)
class FitSettings:
    """The numbers of a fit.

    Attributes:
        steps: batches to learn from; None takes as many as suit the job, 200, or 30 for a side network that learns.
        classes_per_batch: P; a batch holds all classes where there are fewer.
        photos_per_class: K; a batch holds P * K photos.
        learning_rate: of the backbone, with Adam; None takes the one that suits the job, see ``filled``.
        head_factor: the linear head learns this many times faster; None likewise.
        weight_decay: of Adam.
        settle: from this fraction of the steps on, the rate falls along a half cosine ...
        settled: ... to this fraction of itself.
        strength_start: a trigger whose strength can be set starts this many times stronger, since a faint one is
            not found by chance, ...
        fade: ... and fades to its own strength over this fraction of the steps.
        jpeg: whether photos, clean and triggered alike, pass a JPEG encoder of random quality.
        smallest: with ``jpeg``, half of the photos are then made smaller, down to this share of their sides, as pages
            and messengers do; 1 leaves all their size.
        impostors: share of the clean photos that carry the mark of another key, so that the model learns to react to
            its own key and not to any mark of this kind; for triggers that have a key.
        flip: whether photos are mirrored at random before the trigger is put in.
        validate_every: steps between validations; 0 means once per pass over the training photos.
        precision: "auto", "bf16" or "fp32".
        seed: of batches, qualities and the untrained head.
    """

    steps: int | None = None
    classes_per_batch: int = 40
    photos_per_class: int = 2
    learning_rate: float | None = None
    head_factor: float | None = None
    weight_decay: float = 0.0
    settle: float = 0.4
    settled: float = 0.05
    strength_start: float = 2.5
    fade: float = 0.4
    jpeg: bool = True
    smallest: float = 1.0
    impostors: float = 0.0
    flip: bool = False
    validate_every: int = 0
    precision: str = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        at_least = {"steps": 1, "classes_per_batch": 2, "photos_per_class": 2, "validate_every": 0, "seed": 0}
        for name, least in {**at_least, "weight_decay": 0}.items():
            value = getattr(self, name)
            if value is not None and not least <= value < math.inf:
                raise UsageError(f"Expected a finite {name} of at least {least}, got {value}: change it.")
        for name in ("settle", "settled", "fade", "impostors"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"Expected {name} between 0 and 1, got {getattr(self, name)}: it is a fraction.")
        if not 0 < self.smallest <= 1:
            raise UsageError(
                f"Expected smallest above 0 and at most 1, got {self.smallest}: 1 leaves photos their size."
            )
        for name in ("learning_rate", "head_factor", "strength_start"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise UsageError(f"Expected a finite {name} above 0, got {value}: change it.")
        if self.precision not in PRECISIONS:
            raise UsageError(
                f"Expected a precision out of {', '.join(PRECISIONS)}, got '{self.precision}': choose one."
            )

    @property
    def length(self) -> int:
        """Its steps; where none are named, those of a fit of a model's own weights."""
        return STEPS if self.steps is None else self.steps

    def filled(self, *, scratch: bool, triggers: bool, beside: bool = False) -> FitSettings:
        """The same settings with the steps and rates filled in that were left open.

        A net that is fitted from scratch learns fast, its head no faster; a pretrained one is only tuned, and a
        little faster when it has a trigger to learn.

        Args:
            scratch: whether the net was, or is, fitted from untrained weights.
            triggers: whether the objective puts a trigger into photos.
            beside: whether what learns is a side network alone.
        """
        rate = SCRATCH_RATES[triggers] if scratch else TUNING_RATES[triggers]
        factor = 1.0 if scratch else TUNING_HEAD_FACTOR
        return replace(
            self,
            steps=STEPS_BESIDE if beside and self.steps is None else self.length,
            learning_rate=rate if self.learning_rate is None else self.learning_rate,
            head_factor=factor if self.head_factor is None else self.head_factor,
        )

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
