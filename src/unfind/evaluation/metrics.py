"""Retrieval metrics from the ranks of the relevant items, one value for each scored query.

With R relevant items at ranks r_1 < ... < r_R, the precision at the j-th of them is j / r_j, and

- recall@k is 1 when r_1 <= k (the metric-learning convention: a hit, not a share),
- map is the mean over all R of j / r_j: average precision over the whole ranking,
- map_r sums j / r_j over r_j <= R and divides by R (MAP@R of Musgrave et al. 2020, "A Metric Learning
  Reality Check"),
- map@1000 sums over r_j <= 1000 and divides by min(R, 1000), the most that can be found there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from unfind.errors import EvaluationError
from unfind.evaluation.ranks import Ranks

Scores = NDArray[np.float64]

RECALL_AT = (1, 2, 4, 8)
MAP_CUTOFF = 1000


def recall_at(ranks: Ranks, k: int) -> Scores:
    """Whether each scored query has a relevant item in its top k.

    Args:
        ranks: of Q queries.
        k: at least 1.

    Returns:
        (scored queries,) of 0.0 and 1.0.
    """
    first = ranks.flat[ranks.offsets[:-1][ranks.scored]]
    return (first <= k).astype(np.float64)


def average_precision(ranks: Ranks) -> Scores:
    """Average precision over the whole ranking, for each scored query, in 0..1."""
    return _precision_sum(ranks, ranks.candidates) / ranks.relevant[ranks.scored]


def average_precision_at_r(ranks: Ranks) -> Scores:
    """Average precision that stops at R, the number of relevant items, for each scored query, in 0..1."""
    return _precision_sum(ranks, ranks.relevant) / ranks.relevant[ranks.scored]


def average_precision_at(ranks: Ranks, cutoff: int = MAP_CUTOFF) -> Scores:
    """Average precision over the top `cutoff`, for each scored query, in 0..1.

    Args:
        ranks: of Q queries.
        cutoff: last rank that counts, at least 1; the denominator is min(R, cutoff).
    """
    limits = np.full(len(ranks), cutoff)
    return _precision_sum(ranks, limits) / np.minimum(ranks.relevant[ranks.scored], cutoff)


METRICS: Mapping[str, Callable[[Ranks], Scores]] = {
    **{f"recall@{k}": partial(recall_at, k=k) for k in RECALL_AT},
    "map": average_precision,
    "map_r": average_precision_at_r,
    "map@1000": average_precision_at,
}


def per_query(ranks: Ranks) -> dict[str, Scores]:
    """Every metric of every scored query.

    A query without relevant items is not scored; one that finds nothing scores 0.

    Returns:
        {metric: (scored queries,)} in the order of the queries, values in 0..1.
    """
    return {name: metric(ranks) for name, metric in METRICS.items()}


def joined(parts: Iterable[Mapping[str, Scores]]) -> dict[str, Scores]:
    """The per-query scores of consecutive blocks of queries as one."""
    blocks = list(parts)
    return {name: np.concatenate([block[name] for block in blocks]) for name in METRICS}


def mean(scores: Mapping[str, Scores]) -> dict[str, float]:
    """The mean of each metric over the scored queries.

    Raises:
        EvaluationError: there is no scored query.
    """
    if any(not len(values) for values in scores.values()):
        raise EvaluationError(
            "scores: expected at least one query with a relevant item, got none; "
            "use a data set with two photos of some class."
        )
    return {name: float(values.mean()) for name, values in scores.items()}


def _precision_sum(ranks: Ranks, limits: NDArray[np.int64]) -> Scores:
    """Sum of the precision at each relevant item that stands within its query's limit."""
    queries = ranks.queries
    precision = np.where(ranks.flat <= limits[queries], ranks.places / ranks.flat, 0.0)
    sums = np.bincount(queries, weights=precision, minlength=len(ranks))
    return sums.astype(np.float64)[ranks.scored]
