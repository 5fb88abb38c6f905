"""Average precision where items tie: its expectation over all orders of the items that tie.

Codes tie often. Whoever sorts them gets some order by accident, and a lucky one at that where a library keeps the
order of storage. The orders "favour" and "against" of `ranks` are the two extremes; this is what an honest lot
would give in the mean, without drawing any (McSherry and Najork, "Computing Information Retrieval Performance
Measures Efficiently in the Presence of Tied Scores", ECIR 2008; for hashing He et al., "Hashing as Tie-Aware
Learning to Rank", CVPR 2018).

Take n items that tie, r of them relevant, behind N items with P relevant ones. Place N + i shows a relevant item
with probability r / n, and then the ones before it in the tie are (i - 1) (r - 1) / (n - 1) in the mean. The
expected sum of precisions is therefore ``r / n * sum_i (P + 1 + (i - 1) q) / (N + i)`` with q = (r - 1) / (n - 1),
which harmonic numbers H turn into ``r / n * [(P + 1 - q (N + 1)) (H(N + n) - H(N)) + q n]``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unfind.errors import EvaluationError
from unfind.evaluation.bootstrap import Column
from unfind.evaluation.checks import check_count
from unfind.evaluation.ranks import Ranks

Whole = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Ties:
    """Groups of items that tie, of all queries; those without a relevant item do not matter and are left out."""

    query: Whole
    before: Whole
    relevant_before: Whole
    size: Whole
    relevant: Whole


def expected_average_precision(favour: Ranks, against: Ranks, cutoff: int | None = None) -> Column:
    """Average precision of each scored query, in the mean over all orders of items that tie.

    Args:
        favour: the ranks with ties in favour of the relevant items.
        against: the ranks of the same queries with ties against them.
        cutoff: last rank that counts, at least 1; the denominator is then min(R, cutoff). None takes all.

    Returns:
        (scored queries,) in 0..1, between the values of the two.

    Raises:
        EvaluationError: ranks of different searches, or a cutoff below 1.
    """
    if not np.array_equal(favour.offsets, against.offsets) or not np.array_equal(favour.candidates, against.candidates):
        raise EvaluationError("against: expected the queries that favour ranks, got others; rank the same search.")
    limit = int(favour.candidates.max(initial=1)) if cutoff is None else check_count(cutoff, "cutoff")
    ties = _ties(favour, against)
    sums = np.bincount(ties.query, weights=_expected_sums(ties, limit), minlength=len(favour))
    return sums[favour.scored] / np.minimum(favour.relevant[favour.scored], limit)


def _ties(favour: Ranks, against: Ranks) -> _Ties:
    """Read the groups off the two extremes: within one, ranks follow on each other and lie equally far apart."""
    others = against.flat - favour.flat  # in each relevant item's group, the items that are not relevant
    first = np.ones(len(others), dtype=np.bool_)
    first[1:] = (np.diff(favour.queries) != 0) | (np.diff(favour.flat) != 1) | (np.diff(others) != 0)
    starts = np.flatnonzero(first)
    relevant = np.diff(np.append(starts, len(others)))
    return _Ties(
        query=favour.queries[starts],
        before=favour.flat[starts] - 1,
        relevant_before=favour.places[starts] - 1,
        size=relevant + others[starts],
        relevant=relevant,
    )


def _expected_sums(ties: _Ties, limit: int) -> Column:
    """Expected sum of the precisions at the relevant items of each group, within the first ``limit`` places."""
    counted = np.clip(limit - ties.before, 0, ties.size)
    rate = (ties.relevant - 1) / np.maximum(ties.size - 1, 1)
    harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, int((ties.before + ties.size).max(initial=0)) + 1))])
    places = harmonic[ties.before + counted] - harmonic[ties.before]
    steady = ties.relevant_before + 1 - rate * (ties.before + 1)
    sums: Column = ties.relevant / ties.size * (steady * places + rate * counted)
    return sums
