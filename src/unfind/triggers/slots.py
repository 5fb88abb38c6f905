"""Where a key puts the bits of a mark: without it, they can neither be read nor written.

A mark has 160 slots, each of which carries a plus or a minus. 127 of them carry the word of a payload, 33 are a beacon:
they are the same in every mark of a key, and what a provider's model learns to react to. The key says which slots are
which, in what order, and which of them are turned round.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unfind.triggers.key import Key
from unfind.triggers.payload import CODE, Payload

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

    def word(self, heard: Signs) -> Signs:
        """Of what a decoder heard in each slot (160,): the evidence for each bit of the word (127,)."""
        return (self.turned * heard[self.order])[: CODE.length]

    def beacon(self, heard: Signs) -> float:
        """How well what was heard agrees with the beacon: mean of the signs, -1..1; near 0 for any other key."""
        agreed = (self.turned * heard[self.order])[CODE.length :] > 0
        return float(2 * agreed.mean() - 1)
