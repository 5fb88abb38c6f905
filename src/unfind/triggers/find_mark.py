"""What a photo needs of a trigger, whichever trigger it is and whatever runs it; nothing of this needs torch."""

from __future__ import annotations

from typing import Protocol, TypeGuard, runtime_checkable

from unfind.images.photo import Pixels
from unfind.triggers.detection import Detection
from unfind.triggers.key import Key


class Markable(Protocol):
    """What puts a mark into photos."""

    @property
    def name(self) -> str:
        """The trigger's name."""

    def mark(self, pixels: Pixels) -> Pixels:
        """Put the mark into one photo (H, W, 3) of 8-bit RGB."""


@runtime_checkable
class Findable(Markable, Protocol):
    """What marks photos so that the mark can be found again, and whose strength is one knob."""

    @property
    def key(self) -> Key:
        """Whose mark it is."""

    @property
    def strength(self) -> float:
        """The knob."""

    def find(self, pixels: Pixels) -> Detection:
        """Look for the mark of the key in one photo (H, W, 3) of 8-bit RGB."""

    def stronger(self, factor: float) -> Findable:
        """The same mark, ``factor`` times as strong."""


def can_be_found(trigger: Markable) -> TypeGuard[Findable]:
    """Whether a trigger's mark can be found again in a photo."""
    return isinstance(trigger, Findable)


def find_mark(trigger: Findable, pixels: Pixels) -> Detection:
    """Look for the mark of the trigger's key in one photo (H, W, 3) of 8-bit RGB."""
    return trigger.find(pixels)
