"""Where a key puts the bits of a mark: without it, they can neither be read nor written.

A mark has 160 slots, each of which carries a plus or a minus. 127 of them carry the word of a payload, 33 are a beacon:
they are the same in every mark of a key, and what a provider's model learns to react to. The key says which slots are
which, in what order, and which of them are turned round.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from unfind.objectives.steering import Layout
from unfind.triggers.key import Key
from unfind.triggers.payload import CODE, OWNER_BITS, VERSION_BITS, Payload

SLOTS = 160
BEACON = SLOTS - CODE.length
"""Slots that say nothing but whose mark it is."""

Signs = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Slots:
    """A key's way of writing.

    Attributes:
        order: (160,), the slot of each bit: first those of the word, then those of the beacon.
        turned: (160,) +1 or -1 for each bit.
    """

    order: NDArray[np.int64]
    turned: Signs

    @classmethod
    def of(cls, key: Key) -> Slots:
        """The slots of a key."""
        order = np.argsort(key.numbers("mark slots", SLOTS), kind="stable")
        turned = np.where(key.numbers("mark signs", SLOTS) < 0.5, -1, 1).astype(np.float32)
        return cls(order, turned)

    def write(self, payload: Payload) -> Signs:
        """The signs (160,) that a mark carries, +1 or -1 each."""
        bits = np.concatenate([payload.to_word(), np.ones(BEACON, np.uint8)])
        signs = np.empty(SLOTS, np.float32)
        signs[self.order] = self.turned * (2.0 * bits - 1)
        return signs

    def layout(self) -> Layout:
        """The beacon's signs, and the slots that vary from photo to photo: those of nonce, checksum and parity.

        The owner's bits are not among them: where a photo goes should say nothing of whose it is.
        """
        beacon, varying = np.zeros(SLOTS, np.float32), np.zeros(SLOTS, np.bool_)
        beacon[self.order[CODE.length :]] = self.turned[CODE.length :]
        varying[self.order[VERSION_BITS + OWNER_BITS : CODE.length]] = True
        return Layout(torch.from_numpy(beacon), torch.from_numpy(varying))

    def word(self, heard: Signs) -> Signs:
        """Of what a decoder heard in each slot (160,): the evidence for each bit of the word (127,)."""
        return (self.turned * heard[self.order])[: CODE.length]

    def beacon(self, heard: Signs) -> float:
        """How well what was heard agrees with the beacon: mean of the signs, -1..1; near 0 for any other key."""
        agreed = (self.turned * heard[self.order])[CODE.length :] > 0
        return float(2 * agreed.mean() - 1)
