"""What a mark's decoder finds in a photo: whose mark, what it says, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unfind.triggers.chance_of_reading import chance_of_reading
from unfind.triggers.detection import FALSE_ALARM, Detection
from unfind.triggers.payload import Payload
from unfind.triggers.slots import Slots
from unfind.triggers.soft_reading import read_word
from unfind.triggers.unevenness import EVEN, unevenness

CROPS = (0.0, 0.05, 0.1)
"""Shares of each side that may have been cut off around the photo; each is one more look, and one more chance of a
false alarm."""
LIKELY = 0.99
"""From this presence on, a mark that cannot be read is spoken of."""
Look = tuple[NDArray[np.float32], float]
"""What a decoder hears in each slot (160,), and the logit of there being any mark."""


@dataclass(frozen=True)
class MarkReading(Detection):
    """The verdict on one photo, with what the mark says.

    Attributes:
        agreement: with the key's beacon, -1..1; near 0 without the mark.
        payload: what was read; None where nothing was.
        repaired: bits that had to be repaired for it.
        presence: how likely it is that there is a mark of any key, 0..1, as far as the network can tell: a hint,
            without a promise such as ``false_alarm`` makes.
        uneven: how much the loudness of signs differs in the look where it differs least; see ``unevenness``. Another
            hint, and the better one.
    """

    payload: Payload | None = None
    repaired: int | None = None
    presence: float = 0.0
    uneven: float = math.inf

    @property
    def of_another(self) -> bool:
        """Whether there seems to be a mark that this key does not read: of another key, or one that was damaged."""
        return not self.marked and (self.presence >= LIKELY or self.uneven < EVEN)


def read_mark(looks: Iterable[Look], slots: Slots, *, false_alarm: float = FALSE_ALARM) -> MarkReading:
    """Tell what was heard in a photo.

    Args:
        looks: one for each of CROPS, best made one by one: the first that can be read ends the search.
        slots: the key's.
        false_alarm: a photo counts as marked when one without the mark would be read less often than that.
    """
    agreement, presence, uneven = -1.0, 0.0, math.inf
    for heard, logit in looks:
        agreement, presence = max(agreement, slots.beacon(heard)), max(presence, _share(logit))
        uneven = min(uneven, unevenness(heard))
        reading = read_word(slots.word(heard))
        if reading is not None:
            chance = chance_of_reading(reading.repaired, len(CROPS))
            beacon = slots.beacon(heard)
            return MarkReading(
                beacon, chance, chance < false_alarm, reading.payload, reading.repaired, presence, uneven
            )
    return MarkReading(agreement, 1.0, false_alarm > 1.0, presence=presence, uneven=uneven)


def _share(logit: float) -> float:
    """The logistic function, written so that it cannot overflow."""
    return 0.5 * (1 + math.tanh(logit / 2))
