"""The least average precision there can be: what a cloak that turns a search round still leaves."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from unfind.errors import EvaluationError


def check_counts(relevant: int, candidates: int) -> None:
    """Raise EvaluationError unless a search can have so many relevant items among so many."""
    if not 1 <= relevant <= candidates:
        raise EvaluationError(
            f"relevant: expected 1 to {candidates} relevant items among {candidates}, got {relevant}; count again."
        )


def lowest_average_precision(relevant: int, candidates: int) -> float:
    """Average precision over the whole ranking with all relevant items in the last places.

    With R of N items relevant it is the mean of j / (N - R + j) over j = 1..R, about
    ``1 - (1 - s) / s * log(1 / (1 - s))`` for a share s = R / N: 0.052 where a tenth is relevant. No attack gets below.

    Args:
        relevant: R, at least 1.
        candidates: N, at least R.

    Raises:
        EvaluationError: numbers that no search has.
    """
    check_counts(relevant, candidates)
    places = np.arange(1, relevant + 1)
    return float((places / (candidates - relevant + places)).mean())


def lowest_map(relevant: ArrayLike, candidates: int) -> float:
    """The mean of `lowest_average_precision` over queries that have something to find.

    Args:
        relevant: (Q,) relevant items of each query; queries with 0 are not scored.
        candidates: items searched in.

    Raises:
        EvaluationError: no query has anything to find, or one has more than there is.
    """
    counts = np.asarray(relevant)
    numbers, times = np.unique(counts[counts > 0], return_counts=True)
    if not len(numbers):
        raise EvaluationError(
            "relevant: expected a query with a relevant item, got none; search for labels that exist."
        )
    lowest = [lowest_average_precision(int(number), candidates) for number in numbers]
    return float(np.average(lowest, weights=times))
