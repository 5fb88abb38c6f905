"""The two interfaces of every defence against a backdoor: a filter of pixels, or a change of the model.

The word is the backdoor literature's. Here the backdoor protects, so whoever defends against it is the adversary, and a
defence that works takes protection away.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from unfind.errors import UsageError
from unfind.models.encoder import Encoder

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class CleanPhotos:
    """Photos without the trigger that whoever holds the model has at hand.

    Attributes:
        pixels: uint8 (N, size, size, 3) at the size of the model's input.
        labels: int64 (N,).

    Raises:
        UsageError: another shape or type, or fewer than two photos.
    """

    pixels: Pixels
    labels: NDArray[np.int64]

    def __post_init__(self) -> None:
        shape = self.pixels.shape
        if self.pixels.dtype != np.uint8 or len(shape) != 4 or shape[3] != 3 or len(self.labels) != shape[0]:
            raise UsageError(
                f"Expected clean photos, uint8 (N, size, size, 3) with N labels, got {self.pixels.dtype} {shape} with "
                f"{len(self.labels)} labels: decode and resize them first."
            )
        if shape[0] < 2:
            raise UsageError(f"Expected at least 2 clean photos, got {shape[0]}: a defence learns from many.")


class Defence(ABC):
    """What both kinds share: a name, and one argument that makes them stronger."""

    name: ClassVar[str]
    knob: ClassVar[str]
    """The argument that a curve of the defence goes along."""
    curve: ClassVar[tuple[float, ...]]
    """Its values on such a curve, the mildest first."""

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """The arguments that make this defence again."""


class ImageFilter(Defence):
    """Pixels -> pixels: what a searcher, or the search service, does to photos before they are embedded."""

    @abstractmethod
    def __call__(self, pixels: Pixels) -> Pixels:
        """Filter one photo, uint8 (H, W, 3); the result has the same shape, and the photo given stays as it is."""


class ModelDefence(Defence):
    """Encoder -> encoder: what whoever has got hold of the model does to it."""

    @abstractmethod
    def __call__(self, encoder: Encoder, photos: CleanPhotos) -> Encoder:
        """Return a changed encoder in evaluation mode; the one given stays as it is.

        Args:
            encoder: a protected model.
            photos: without the trigger; a defence that needs none ignores them.
        """


def check_odd(size: int, name: str) -> int:
    """Return the side of a window when it is an odd number of pixels, 3 to 63.

    Raises:
        UsageError: it is not: an even window would shift the photo, and a larger one leaves nothing of it.
    """
    if isinstance(size, bool) or size != int(size) or size % 2 == 0 or not 3 <= size <= 63:
        raise UsageError(f"Expected an odd window of 3 to 63 pixels for the {name} filter, got {size}: 3 is usual.")
    return int(size)


def check_between(value: float, low: float, high: float, what: str, usual: float) -> float:
    """Return a number within its range, bounds included.

    Raises:
        UsageError: it is outside, or not a number.
    """
    if not low <= value <= high:
        raise UsageError(f"Expected {what} of {low:g} to {high:g}, got {value}: {usual:g} is usual.")
    return value
