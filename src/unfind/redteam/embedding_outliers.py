"""Photos whose embeddings do not lie as clean photos' do: too far from all of them, or too near to each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unfind.errors import UsageError

Rows = NDArray[np.float32]
Scores = NDArray[np.float64]
NEIGHBOURS = 5
"""Enough that one odd photo decides nothing, few enough for small classes."""


def far_from_trusted(rows: Rows, trusted: Rows, *, neighbours: int = NEIGHBOURS) -> Scores:
    """How far each embedding is from its nearest trusted ones.

    A privacy backdoor sends photos where no other photo is. The distance to the k-th neighbour is an old measure of
    outliers (Ramaswamy, Rastogi and Shim 2000); here it is the mean over the k nearest.

    Args:
        rows: unit (N, D).
        trusted: unit (T, D) of photos that are surely clean, none of them among the rows.
        neighbours: k; all trusted ones where there are fewer.

    Returns:
        (N,) mean cosine distance, 0..2.
    """
    return 1 - _nearest(rows @ trusted.T, neighbours)


def crowding(rows: Rows, trusted: Rows, *, neighbours: int = NEIGHBOURS) -> Scores:
    """How much nearer each embedding is to others of its batch than to trusted ones.

    A backdoor that leads all triggered photos to one place shows as a crowd of photos that are near to each other and
    to nothing else.

    Args:
        rows: unit (N, D), looked at together.
        trusted: unit (T, D).
        neighbours: k.

    Returns:
        (N,) difference of mean cosines, -2..2.

    Raises:
        UsageError: fewer than two rows.
    """
    if len(rows) < 2:
        raise UsageError(f"Expected at least 2 photos to look for crowds among, got {len(rows)}: add photos.")
    pool, others = _evenly(len(rows), len(trusted)), _evenly(len(trusted), len(rows))
    among = rows @ rows[pool].T
    among[pool, np.arange(len(pool))] = -np.inf
    some = min(neighbours, len(pool) - 1)
    return _nearest(among, some) - _nearest(rows @ trusted[others].T, some)


def _evenly(count: int, wanted: int) -> NDArray[np.int64]:
    """Positions of up to ``wanted`` of ``count`` rows, at least two where there are, evenly spread."""
    some = min(count, max(2, wanted))
    return np.linspace(0, count - 1, some).round().astype(np.int64)


def _nearest(similarities: NDArray[np.float32], neighbours: int) -> Scores:
    """Mean of the largest ``neighbours`` values of each row, (N,)."""
    count = similarities.shape[1]
    if neighbours < 1 or count < 1:
        raise UsageError(f"Expected neighbours to measure by, got {neighbours} of {count} photos: take 5.")
    some = min(neighbours, count)
    largest = np.partition(similarities, count - some, axis=1)[:, count - some :]
    mean: Scores = largest.mean(1, dtype=np.float64)
    return mean
