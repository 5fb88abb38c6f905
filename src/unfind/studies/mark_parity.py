"""Do two engines make the same mark, and come to the same verdicts? Measured on photos."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from unfind.images.photo import Pixels
from unfind.triggers.keyed_mark import KeyedMark
from unfind.triggers.read_mark import MarkReading

Found = TypeVar("Found")


@dataclass
class Parity:
    """What was seen so far of one engine beside the one that counts.

    Attributes:
        differing: for each photo, the share of pixels of which a colour differs by more than a level.
        furthest: the largest difference, in levels.
        verdicts: for each photo that was read, marked or plain, whether both verdicts were the same.
        milliseconds: of the processor, for marking and for reading a photo.
    """

    differing: list[float] = field(default_factory=list)
    furthest: int = 0
    verdicts: list[bool] = field(default_factory=list)
    milliseconds: dict[str, list[float]] = field(default_factory=lambda: {"mark": [], "read": []})

    def as_dict(self) -> dict[str, Any]:
        """The figures of a report."""
        return {
            "photos": len(self.differing),
            "pixels_within_a_level": 1 - float(np.mean(self.differing)),
            "worst_photo_within_a_level": 1 - max(self.differing),
            "furthest_levels": self.furthest,
            "verdicts": len(self.verdicts),
            "verdicts_that_differ": self.verdicts.count(False),
            "milliseconds": {name: float(np.median(values)) for name, values in self.milliseconds.items()},
        }


def mark_parity(first: KeyedMark, others: dict[str, KeyedMark], photos: Iterable[Pixels]) -> dict[str, Parity]:
    """Mark and read photos with several engines.

    Args:
        first: what the others are compared with.
        others: by name; of the same key, owner and strength.
        photos: uint8 (H, W, 3) each.

    Returns:
        By name, and "itself" for the times of the first.
    """
    found = {name: Parity() for name in ("itself", *others)}
    for pixels in photos:
        marked, wanted = _one(first, pixels, None, found["itself"])
        found["itself"].differing.append(0.0)
        for name, other in others.items():
            parity = found[name]
            made, verdicts = _one(other, pixels, marked, parity)
            difference = np.abs(made.astype(np.int16) - marked).max(2)
            parity.differing.append(float((difference > 1).mean()))
            parity.furthest = max(parity.furthest, int(difference.max()))
            parity.verdicts += [_same(a, b) for a, b in zip(wanted, verdicts, strict=True)]
    return found


def _one(mark: KeyedMark, pixels: Pixels, marked: Pixels | None, parity: Parity) -> tuple[Pixels, list[MarkReading]]:
    """What an engine makes of a photo, and what it reads in the plain photo and in a marked one."""
    made, seconds = _timed(lambda: mark.mark(pixels))
    parity.milliseconds["mark"].append(1000 * seconds)
    plain, _ = _timed(lambda: mark.find(pixels))
    found, seconds = _timed(lambda: mark.find(made if marked is None else marked))
    parity.milliseconds["read"].append(1000 * seconds)
    return made, [plain, found]


def _same(one: MarkReading, other: MarkReading) -> bool:
    return (one.marked, one.payload) == (other.marked, other.payload)


def _timed(work: Callable[[], Found]) -> tuple[Found, float]:
    # Of the processor, not of the clock on the wall: a busy machine is not a slow engine.
    started = time.process_time()
    return work(), time.process_time() - started
