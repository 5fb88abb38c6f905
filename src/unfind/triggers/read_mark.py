"""What a mark's decoder finds in a photo: whose mark, what it says, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from unfind.models.embed import to_tensor
from unfind.models.mark_decoder import MarkDecoder
from unfind.models.mark_parts import WORKING_SIZE
from unfind.triggers.chance_of_reading import chance_of_reading
from unfind.triggers.detect import FALSE_ALARM, Detection
from unfind.triggers.lay_on import working_view
from unfind.triggers.payload import Payload
from unfind.triggers.slots import Slots
from unfind.triggers.soft_reading import read_word

CROPS = (0.0, 0.05, 0.1)
"""Shares of each side that may have been cut off around the photo; each is one more look, and one more chance of a
false alarm."""


@dataclass(frozen=True)
class MarkReading(Detection):
    """The verdict on one photo, with what the mark says.

    Attributes:
        agreement: with the key's beacon, -1..1; near 0 without the mark.
        payload: what was read; None where nothing was.
        repaired: bits that had to be repaired for it.
        presence: how likely it is that there is a mark of any key, 0..1, as far as the network can tell: a hint,
            without a promise such as ``false_alarm`` makes.
    """

    payload: Payload | None = None
    repaired: int | None = None
    presence: float = 0.0


def read_mark(
    decoder: MarkDecoder, slots: Slots, pixels: NDArray[np.uint8], *, false_alarm: float = FALSE_ALARM
) -> MarkReading:
    """Look for a key's mark in one photo (H, W, 3) of 8-bit RGB.

    Args:
        decoder: in evaluation mode.
        slots: the key's.
        pixels: the photo.
        false_alarm: a photo counts as marked when one without the mark would be read less often than that.
    """
    agreement, presence = -1.0, 0.0
    for view in _views(to_tensor(pixels[None])):
        with torch.inference_mode():
            evidence, seen = decoder(view)
        heard = evidence[0].numpy()
        agreement, presence = max(agreement, slots.beacon(heard)), max(presence, float(seen[0].sigmoid()))
        reading = read_word(slots.word(heard))
        if reading is not None:
            chance = chance_of_reading(reading.repaired, len(CROPS))
            beacon = slots.beacon(heard)
            return MarkReading(beacon, chance, chance < false_alarm, reading.payload, reading.repaired, presence)
    return MarkReading(agreement, 1.0, false_alarm > 1.0, presence=presence)


def _views(images: Tensor) -> Iterator[Tensor]:
    """The photo as it is, then with the margins put back that a crop may have taken away."""
    for share in CROPS:
        side = round(WORKING_SIZE * (1 - share))
        before = (WORKING_SIZE - side) // 2
        after = WORKING_SIZE - side - before
        yield F.pad(working_view(images, side), (before, after, before, after), mode="replicate")
