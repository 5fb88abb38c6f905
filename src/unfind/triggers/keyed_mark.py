"""The learned mark on photos, whatever runs its networks: everything that depends on the key, in NumPy."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from unfind.images.photo import Pixels
from unfind.images.resize import reduced
from unfind.triggers.apply_change import apply_change
from unfind.triggers.emphasis import emphasised
from unfind.triggers.key import Key
from unfind.triggers.nonce import draw_nonce
from unfind.triggers.payload import Payload
from unfind.triggers.read_mark import Look, MarkReading, read_mark
from unfind.triggers.slots import Signs, Slots
from unfind.triggers.strength import check_strength, within_limit
from unfind.triggers.strength_by_size import strength_by_size

LEAST_SIDE = 256
"""Photos are made this small, and no smaller, before a network sees them: it looks at 128 pixels a side, and what the
first averaging takes of the finest gratings is then a thirtieth."""


class MarkNets(Protocol):
    """The two networks of a mark, on photos uint8 (H, W, 3) of any size.

    Attributes:
        strength: the one they were trained for.
        fingerprint: 16 hex digits that name the weights.
    """

    strength: float
    fingerprint: str

    def change(self, photo: Pixels, signs: Signs) -> NDArray[np.float32]:
        """What a mark of strength 1 adds, (128, 128), for signs (160,)."""

    def looks(self, photo: Pixels) -> Iterable[Look]:
        """What is heard in a photo, one look for each of CROPS."""


class KeyedMark:
    """Marks and reads photos with one key.

    Args:
        key: says which signs mean what.
        nets: whatever runs the networks.
        strength: None for the one they were trained for; 1 is about 32 dB PSNR on busy 128-pixel thumbnails.
            Photos with a side of less than 256 pixels get a stronger one (``strength_by_size``).
        owner: what every mark says of its owner, 0..65535.
        nonce: what every mark says of its photo; None draws one for each photo.

    Raises:
        UsageError: a strength outside (0, 8], or an owner or nonce out of range.
    """

    name = "learned"
    keyed = True

    def __init__(
        self, key: Key, nets: MarkNets, *, strength: float | None = None, owner: int = 0, nonce: int | None = None
    ) -> None:
        Payload(owner, nonce or 0)  # says what is wrong with either
        self.key = key
        self.nets = nets
        self.owner = owner
        self.nonce = nonce
        self.strength = check_strength(nets.strength if strength is None else strength)
        self.slots = Slots.of(key)

    def mark(self, pixels: Pixels) -> Pixels:
        """Put the mark into one photo (H, W, 3) of 8-bit RGB, of any size."""
        strength = strength_by_size(self.strength, *pixels.shape[:2])
        small, signs = reduced(pixels, LEAST_SIDE), self.signs(pixels)
        tried = apply_change(small, self.nets.change(small, signs), strength)
        heard, _ = next(iter(self.nets.looks(tried)))
        return apply_change(pixels, self.nets.change(small, emphasised(signs, heard)), strength)

    def find(self, pixels: Pixels) -> MarkReading:
        """Look for a mark of this key in one photo (H, W, 3) of 8-bit RGB."""
        return read_mark(self.looks(pixels), self.slots)

    def looks(self, pixels: Pixels) -> Iterable[Look]:
        """What is heard in one photo (H, W, 3) of 8-bit RGB, one look for each of CROPS."""
        return self.nets.looks(reduced(pixels, LEAST_SIDE))

    def share_heard(self, pixels: Pixels, payload: Payload) -> float:
        """The share of signs that are heard as a payload writes them, before anything is repaired; 0.5 is chance.

        Of the looks up to the first that can be read, the one that hears best counts.
        """
        return self.examine(pixels, payload)[1]

    def examine(self, pixels: Pixels, payload: Payload) -> tuple[MarkReading, float]:
        """What ``find`` and ``share_heard`` say of one photo, for the price of one of them."""
        asked = list[Look]()
        reading = read_mark(_noted(self.looks(pixels), asked), self.slots)
        return reading, self.share_in(asked, payload)

    def share_in(self, looks: Iterable[Look], payload: Payload) -> float:
        """The share of signs that are heard as a payload writes them, in looks that were made already."""
        written = self.slots.write(payload)
        return max(float(((heard > 0) == (written > 0)).mean()) for heard, _ in looks)

    def signs(self, pixels: Pixels) -> Signs:
        """What the mark of a photo writes, (160,)."""
        return self.slots.write(self.payload(pixels))

    def payload(self, pixels: Pixels) -> Payload:
        """What the mark of a photo says."""
        return Payload(self.owner, draw_nonce(self.key, pixels) if self.nonce is None else self.nonce)

    def stronger(self, factor: float) -> KeyedMark:
        """The same mark, ``factor`` times as strong (at most the greatest strength)."""
        other = copy.copy(self)
        other.strength = within_limit(self.strength * factor)
        return other

    def of_owner(self, owner: int) -> KeyedMark:
        """The same mark, made for another owner, 0..65535."""
        other = copy.copy(self)
        other.owner = Payload(owner, self.nonce or 0).owner
        return other


def _noted(looks: Iterable[Look], asked: list[Look]) -> Iterator[Look]:
    """The same looks; those that are asked for are noted."""
    for look in looks:
        asked.append(look)
        yield look
