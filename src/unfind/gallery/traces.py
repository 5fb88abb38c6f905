"""Look for bytes in files: what is left of a photo after it was erased."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from unfind.gallery.home import StoredFile

CHUNK = 8 * 2**20
"""Bytes read at once; whole files may be larger than memory."""
FEW = 16
"""Up to here one pass of ``in`` for each needle is faster than looking every position up."""
PREFIX = 8
"""Bytes of a needle that decide whether it is compared whole; every needle is at least this long."""


@dataclass(frozen=True)
class Scan:
    """What a scan saw.

    Attributes:
        found: Numbers of the needles that are in some file.
        files: Files that were read.
        bytes: Bytes that were read.
    """

    found: frozenset[int]
    files: int
    bytes: int


def scan_files(files: Iterable[StoredFile], needles: Sequence[bytes]) -> Scan:
    """Look for each of the needles in each of the files.

    Args:
        files: Those that are gone by the time they are read are passed over.
        needles: Byte strings of at least 8 bytes.

    Returns:
        Which needles are there, and how much was read.
    """
    found: set[int] = set()
    count = size = 0
    overlap = max((len(needle) for needle in needles), default=1) - 1
    for file in files:
        try:
            for chunk, fresh in _chunks(file, overlap):
                found |= find_all(chunk, needles)
                size += fresh
            count += 1
        except FileNotFoundError:
            continue
    return Scan(frozenset(found), count, size)


def find_all(data: bytes, needles: Sequence[bytes]) -> set[int]:
    """Say which needles are in the data.

    Args:
        data: Any bytes.
        needles: Byte strings of at least 8 bytes.

    Returns:
        Numbers of those that are there.
    """
    if len(needles) <= FEW:
        return {number for number, needle in enumerate(needles) if needle in data}
    by_prefix: dict[bytes, list[int]] = {}
    for number, needle in enumerate(needles):
        by_prefix.setdefault(needle[:PREFIX], []).append(number)
    starts = np.zeros(1 << 16, bool)
    starts[[int.from_bytes(prefix[:2], "little") for prefix in by_prefix]] = True
    found: set[int] = set()
    for offset in (0, 1):
        pairs = np.frombuffer(data[offset : offset + (len(data) - offset) // 2 * 2], "<u2")
        for start in (np.flatnonzero(starts[pairs]) * 2 + offset).tolist():
            for number in by_prefix.get(data[start : start + PREFIX], ()):
                if data.startswith(needles[number], start):
                    found.add(number)
    return found


def _chunks(file: StoredFile, overlap: int) -> Iterator[tuple[bytes, int]]:
    """Pieces of a file, each with the end of the one before so that nothing falls between, and their fresh bytes."""
    with file.open("rb") as stream:
        tail = b""
        while fresh := stream.read(CHUNK):
            yield tail + fresh, len(fresh)
            tail = (tail + fresh)[-overlap:] if overlap else b""
