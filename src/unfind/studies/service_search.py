"""How long a search takes, and what approximate search misses."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unfind.gallery.store import Gallery
from unfind.studies.service_vectors import crowded, made_up_records, near

K = 10
CODE_BITS = 64
BATCH = 20_000
"""Records put at once, so that memory holds a part of them only."""


def fill(folder: Path, vectors: NDArray[Any], kind: str, thumbnail_bytes: int = 0) -> Gallery:
    """Make a gallery of made-up photos.

    Args:
        folder: Where; nothing is there yet.
        vectors: float32 (N, D), or uint8 (N, D / 8).
        kind: "cosine" or "hamming".
        thumbnail_bytes: Size of each thumbnail.

    Returns:
        The gallery, with its vectors kept in memory.
    """
    dimension = vectors.shape[1] * (1 if kind == "cosine" else 8)
    made = Gallery.create(folder, dimension=dimension, fingerprint="bench", kind=kind)  # type: ignore[arg-type]
    records = list(made_up_records(vectors, thumbnail_bytes))
    with made.writing():
        for start in range(0, len(records), BATCH):
            made.put(records[start : start + BATCH])
    return Gallery.open(folder, resident=True)


def latencies(call: Callable[[int], object], count: int, *, warm: int = 3) -> list[float]:
    """Milliseconds of each of ``count`` calls, after some that are not timed."""
    for number in range(warm):
        call(number)
    taken = []
    for number in range(count):
        began = time.perf_counter()
        call(number)
        taken.append(1000 * (time.perf_counter() - began))
    return taken


def recall(truth: Sequence[Sequence[str]], found: Sequence[Sequence[str]]) -> float:
    """Share of the true neighbours that were found, 0..1."""
    shares = [len(set(a) & set(b)) / len(a) for a, b in zip(truth, found, strict=True) if a]
    return float(np.mean(shares))


def measure_search(folder: Path, count: int, dimension: int, queries: int) -> dict[str, Any]:
    """Time exact, approximate and Hamming search.

    Args:
        folder: For the galleries; ``folder / "floats"`` stays for the service to serve.
        count: Photos.
        dimension: Numbers per embedding.
        queries: Searches that are timed.

    Returns:
        Milliseconds of each search by kind, recall@10 of approximate search as a service does it and of the index by
        itself, seconds to build the index, to open.
    """
    rows = crowded(count, dimension)
    asked = near(rows, queries)
    gallery = fill(folder / "floats", rows, "cosine")
    exact = latencies(lambda number: gallery.search(asked[number : number + 1], K), queries)
    truth = [[hit.id for hit in hits] for hits in gallery.search(asked, K)]
    began = time.perf_counter()
    gallery.index()
    index_seconds = time.perf_counter() - began
    on_disk = Gallery.open(folder / "floats", verify=False)
    approximate, found = _approximate(gallery, asked)
    by_index, found_by_index = _approximate(on_disk, asked)
    began = time.perf_counter()
    Gallery.open(folder / "floats")
    open_seconds = time.perf_counter() - began
    codes = np.packbits(near(crowded(count, CODE_BITS), count) > 0, axis=1)
    bits = fill(folder / "codes", codes, "hamming")
    hamming = latencies(lambda number: bits.search(codes[number : number + 1], K), queries)
    return {
        "exact_ms": exact,
        "approximate_ms": approximate,
        "hamming_ms": hamming,
        "index_ms": by_index,
        "recall_at_10": recall(truth, found),
        "index_recall_at_10": recall(truth, found_by_index),
        "index_seconds": index_seconds,
        "open_seconds": open_seconds,
    }


def _approximate(gallery: Gallery, asked: NDArray[np.float32]) -> tuple[list[float], list[list[str]]]:
    """Milliseconds of each approximate search, and what it found."""
    found = [[hit.id for hit in gallery.search(query[None], K, exact=False)[0]] for query in asked]
    return latencies(lambda number: gallery.search(asked[number : number + 1], K, exact=False), len(asked)), found
