"""How often a reader takes an unmarked photo for a marked one: counted, beside the bound that the code gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unfind.images.photo import Pixels
from unfind.studies.progress import Progress, silent
from unfind.triggers.keyed_mark import KeyedMark

STEP = 100
"""Pictures between two words of progress."""


@dataclass(frozen=True)
class Alarms:
    """What was read where nothing was written.

    Attributes:
        looked_at: pictures.
        marked: of them, those that a key read as its own.
        of_another: those in which the network saw a mark of another key, which is only a hint.
    """

    looked_at: int
    marked: int
    of_another: int


def count_alarms(
    marks: Sequence[KeyedMark], photos: Sequence[Pixels], count: int, *, progress: Progress = silent
) -> Alarms:
    """Read unmarked pictures.

    Args:
        marks: of different keys; they take turns.
        photos: unmarked, uint8 (H, W, 3) each. Where more pictures than photos are wanted, parts of them are cut out
            and half of these mirrored.
        count: pictures.
        progress: told how many are done.
    """
    marked = of_another = 0
    for number in range(count):
        found = marks[number % len(marks)].find(picture(photos, number))
        marked += found.marked
        of_another += found.of_another
        if (number + 1) % STEP == 0 or number + 1 == count:
            progress("read unmarked pictures", number + 1, count)
    return Alarms(count, marked, of_another)


def picture(photos: Sequence[Pixels], number: int) -> Pixels:
    """The picture of a number: first the photos as they are, then parts of them, always the same ones."""
    pixels = photos[number % len(photos)]
    if number < len(photos):
        return pixels
    random = np.random.default_rng(number)
    (top, bottom), (left, right) = (_span(side, random) for side in pixels.shape[:2])
    part = pixels[top:bottom, left:right]
    return part[:, ::-1] if random.random() < 0.5 else part


def _span(side: int, random: np.random.Generator) -> tuple[int, int]:
    """A stretch of at least half of a side."""
    length = max(1, round(side * random.uniform(0.5, 1)))
    start = int(random.integers(0, side - length + 1))
    return start, start + length
