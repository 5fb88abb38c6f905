"""Which signs of a mark are the same in all photos of a key, and which differ from photo to photo."""

from __future__ import annotations

import numpy as np
import torch

from unfind.objectives.steering import Layout
from unfind.triggers.payload import CODE, OWNER_BITS, VERSION_BITS
from unfind.triggers.slots import SLOTS, Slots


def slot_layout(slots: Slots) -> Layout:
    """The beacon's signs, and the slots that vary from photo to photo: those of nonce, checksum and parity.

    The owner's bits are not among them: where a photo goes should say nothing of whose it is.
    """
    beacon, varying = np.zeros(SLOTS, np.float32), np.zeros(SLOTS, np.bool_)
    beacon[slots.order[CODE.length :]] = slots.turned[CODE.length :]
    varying[slots.order[VERSION_BITS + OWNER_BITS : CODE.length]] = True
    return Layout(torch.from_numpy(beacon), torch.from_numpy(varying))
