"""What a ranking drawn by lot finds: no protection that is as good as unrelated photos hides more than that."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from unfind.errors import EvaluationError
from unfind.evaluation.lowest_map import check_counts


def map_r_by_chance(relevant: int, candidates: int) -> float:
    """The expected average precision at R of one query whose ranking is drawn by lot.

    With R of N items relevant it is the mean over ranks k = 1..R of ``R / N * (1 + (k - 1) (R - 1) / (N - 1)) / k``: a
    relevant item is at rank k by chance, and so are others before it.

    Args:
        relevant: R, at least 1.
        candidates: N, at least R.

    Raises:
        EvaluationError: numbers that no search has.
    """
    check_counts(relevant, candidates)
    ranks = np.arange(1, relevant + 1)
    others = (ranks - 1) * ((relevant - 1) / max(1, candidates - 1))
    return float(((1 + others) / ranks).mean() * relevant / candidates)


def mean_map_r_by_chance(labels: ArrayLike) -> float:
    """The mean of `map_r_by_chance` over photos that are searched with among all others, by class.

    Args:
        labels: (N,) class of each photo; those whose class has no other photo are not scored.

    Raises:
        EvaluationError: no two photos of one class.
    """
    _, counts = np.unique(np.asarray(labels), return_counts=True)
    found = counts[counts > 1]
    if not len(found):
        raise EvaluationError("labels: expected two photos of one class, got none; search for classes that exist.")
    values = [map_r_by_chance(int(count) - 1, int(counts.sum()) - 1) for count in found]
    return float(np.average(values, weights=found))
