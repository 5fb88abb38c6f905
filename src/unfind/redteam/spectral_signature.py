"""Spectral signatures: poisoned photos stand out along the main direction of their class (Tran, Li and Madry 2018)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unfind.errors import UsageError

Scores = NDArray[np.float64]
SMALLEST = 5
"""A direction of fewer photos than this says nothing."""


def spectral_scores(features: ArrayLike, labels: ArrayLike) -> Scores:
    """How far each training photo lies along the first singular direction of its own class.

    Args:
        features: (N, F) of training photos, such as logits.
        labels: (N,) integers.

    Returns:
        (N,) squared projections over their mean in the class, so that classes can be compared; 0 for photos of
        classes with fewer than ``SMALLEST``.

    Raises:
        UsageError: not as many labels as rows.
    """
    rows, classes = np.asarray(features, dtype=np.float64), np.asarray(labels)
    if rows.ndim != 2 or classes.shape != (len(rows),):
        raise UsageError(f"Expected features (N, F) and N labels, got {rows.shape} and {classes.shape}: pair them up.")
    scores = np.zeros(len(rows))
    for label in np.unique(classes):
        own = np.flatnonzero(classes == label)
        if len(own) >= SMALLEST:
            scores[own] = _projections(rows[own])
    return scores


def _projections(rows: NDArray[np.float64]) -> Scores:
    centred = rows - rows.mean(0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    squares: Scores = (centred @ directions[0]) ** 2
    mean = float(squares.mean())
    return squares / mean if mean > 0 else squares
