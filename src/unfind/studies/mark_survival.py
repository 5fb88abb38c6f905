"""What is left of marks after edits: photo by photo, method by method."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from unfind.evaluation.stealth import SMALLEST_WINDOW, pair_stealth
from unfind.images.decode import decode
from unfind.images.edits import EDITS
from unfind.images.encode import encode
from unfind.images.photo import Photo, Pixels
from unfind.studies.mark_methods import Method
from unfind.studies.progress import Progress, silent

Found = TypeVar("Found")
UNTOUCHED = "untouched"


def webp(pixels: Pixels, quality: int = 80) -> Pixels:
    """Compress as WebP, as services do that make photos smaller for a page."""
    return decode(encode(Photo(pixels, "webp"), quality=quality)).pixels


AFTER: Mapping[str, Callable[[Pixels], Pixels]] = {UNTOUCHED: lambda pixels: pixels, **EDITS, "webp80": webp}
"""What happens to a written photo before it is read."""


@dataclass
class Row:
    """What was measured of one method.

    Attributes:
        bits: of each edit, the share of bits right, photo by photo; nothing for marks without bits.
        verified: of each edit, whether the mark was read, photo by photo.
        psnr, ssim: of the written file against the photo.
        mark_ms, read_ms: of the processor, for a photo.
        refused: photos that were too small for the method.
    """

    bits: dict[str, list[float]] = field(default_factory=dict)
    verified: dict[str, list[bool]] = field(default_factory=dict)
    psnr: list[float] = field(default_factory=list)
    ssim: list[float] = field(default_factory=list)
    mark_ms: list[float] = field(default_factory=list)
    read_ms: list[float] = field(default_factory=list)
    refused: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Means over photos."""
        return {
            "photos": len(self.psnr),
            "refused": self.refused,
            "psnr": _mean(self.psnr),
            "ssim": _mean(self.ssim),
            "mark_ms": _median(self.mark_ms),
            "read_ms": _median(self.read_ms),
            "bit_accuracy": {name: _mean(values) for name, values in self.bits.items()},
            "verify_rate": {name: _mean(values) for name, values in self.verified.items()},
        }


def mark_survival(methods: Sequence[Method], photos: Sequence[Photo], *, progress: Progress = silent) -> dict[str, Row]:
    """Mark photos, write them as files of their own kind, edit and read them.

    Args:
        methods: each sees every photo.
        photos: as decoded.
        progress: told how many photos are done.

    Returns:
        By the method's name.
    """
    rows = {method.name: Row() for method in methods}
    for number, photo in enumerate(photos):
        for method in methods:
            _one(method, photo, number, rows[method.name])
        progress("edit marked photos", number + 1, len(photos))
    return rows


def _one(method: Method, photo: Photo, number: int, row: Row) -> None:
    if min(photo.pixels.shape[:2]) < method.least:
        row.refused += 1
        return
    marked, seconds = timed(lambda: method.write(photo.pixels, number))
    row.mark_ms.append(1000 * seconds)
    written = decode(encode(dataclasses.replace(photo, pixels=marked))).pixels
    if min(written.shape[:2]) >= SMALLEST_WINDOW:
        measured = pair_stealth(photo.pixels, written)
        row.psnr.append(measured["psnr"])
        row.ssim.append(measured["ssim"])
    for name, edit in AFTER.items():
        edited = edit(written)
        seen, seconds = timed(lambda edited=edited: method.read(edited, photo.pixels, number))  # type: ignore[misc]
        row.verified.setdefault(name, []).append(seen.verified)
        if seen.bits is not None:
            row.bits.setdefault(name, []).append(seen.bits)
        if name == UNTOUCHED:
            row.read_ms.append(1000 * seconds)


def timed(work: Callable[[], Found]) -> tuple[Found, float]:
    """What work gives, and its seconds of the processor: a busy machine is not a slow method."""
    started = time.process_time()
    return work(), time.process_time() - started


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if len(values) else None


def _median(values: Sequence[float]) -> float | None:
    return float(np.median(values)) if len(values) else None
