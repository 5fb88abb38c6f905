"""Look for a trigger's mark in a photo, whichever trigger it is."""

from __future__ import annotations

from typing import TypeAlias, TypeGuard

import numpy as np
from numpy.typing import NDArray

from unfind.triggers.base import Trigger
from unfind.triggers.detect import Detection, detect
from unfind.triggers.learned import Learned
from unfind.triggers.spread_spectrum import SpreadSpectrum

Findable: TypeAlias = SpreadSpectrum | Learned
"""Triggers whose mark can be found again, and whose strength is one knob."""


def can_be_found(trigger: Trigger) -> TypeGuard[Findable]:
    """Whether a trigger's mark can be found again in a photo."""
    return isinstance(trigger, SpreadSpectrum | Learned)


def find_mark(trigger: Findable, pixels: NDArray[np.uint8]) -> Detection:
    """Look for the mark of the trigger's key in one photo (H, W, 3) of 8-bit RGB."""
    return trigger.find(pixels) if isinstance(trigger, Learned) else detect(trigger, pixels)
