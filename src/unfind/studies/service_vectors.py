"""Made-up embeddings that crowd like real ones, for measuring an index without photos."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from unfind.gallery.ids import content_id
from unfind.gallery.record import Record

PER_CROWD = 50
"""Photos around one point, as of one subject; vectors without crowds flatter or punish an index."""
SPREAD = 0.7
"""Length of what is a photo's own, beside the 1 that it shares with its crowd, before both are normalised."""


def crowded(count: int, dimension: int, seed: int = 0) -> NDArray[np.float32]:
    """Draw embeddings around random points of the sphere.

    Args:
        count: How many.
        dimension: Numbers of each.
        seed: Equal seeds give equal embeddings.

    Returns:
        float32 (count, dimension), rows of length 1.
    """
    draw = np.random.default_rng(seed)
    points = draw.standard_normal((max(1, count // PER_CROWD), dimension), np.float32)
    rows = points[draw.integers(0, len(points), count)]
    rows += SPREAD * draw.standard_normal((count, dimension), np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def near(rows: NDArray[np.float32], count: int, seed: int = 1) -> NDArray[np.float32]:
    """Draw queries: some of the rows, moved a little.

    Args:
        rows: (N, D).
        count: How many queries.
        seed: Of the choice.

    Returns:
        float32 (count, D), rows of length 1.
    """
    draw = np.random.default_rng(seed)
    chosen = rows[draw.integers(0, len(rows), count)]
    chosen = chosen + 0.3 * draw.standard_normal(chosen.shape, np.float32) / np.sqrt(rows.shape[1])
    return np.asarray(chosen / np.linalg.norm(chosen, axis=1, keepdims=True), np.float32)


def made_up_records(vectors: NDArray[np.float32] | NDArray[np.uint8], thumbnail_bytes: int) -> Iterator[Record]:
    """Records of photos that do not exist, with thumbnails of random bytes."""
    now, draw = datetime.now(UTC), np.random.default_rng(2)
    for number, vector in enumerate(vectors):
        photo_id = content_id(f"made up {number}".encode())
        yield Record(photo_id, "", 1, 160, 120, now, vector, thumbnail=draw.bytes(thumbnail_bytes))
