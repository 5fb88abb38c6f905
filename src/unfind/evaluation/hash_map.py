"""Mean average precision of codes: the strict one, and the one that hashing papers report, each by its own name.

Papers on hashing look at the first R places and divide a query's sum of precisions by the hits among them, not by
what could have been found there. A query with one hit in the first place then scores 1, however many it has missed.
Some also leave out the queries without a hit, which flatters an attack most where it fails. With hits at the ranks
r_1 < ... < r_h within R, and n relevant items in all:

- ``map`` is over the whole ranking, where every relevant item is a hit and all definitions agree,
- ``map@R`` is ``sum j / r_j`` over ``min(n, R)``, the most that could be found,
- ``map@R_of_hits`` is ``sum j / r_j`` over h, and 0 where h is 0,
- ``map@R_published`` is the same without the queries where h is 0.

The same with ``t_map``, when the labels that count are those a cloak pretends to have (targeted attacks).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from unfind.errors import EvaluationError
from unfind.evaluation.bootstrap import Column, Interval, mean_interval
from unfind.evaluation.checks import check_count
from unfind.evaluation.metrics import average_precision, average_precision_at
from unfind.evaluation.ranks import Ranks

HITS = "hits"


def hash_scores(blocks: Iterable[Ranks], cutoff: int | None = None) -> dict[str, Column]:
    """The scores of every query that has something to find.

    Args:
        blocks: ranks of consecutive blocks of queries, as `ranks.rank_blocks` gives them; ties are settled there.
        cutoff: R, at least 1; None scores the whole ranking alone.

    Returns:
        {"map": (scored queries,)} and, with a cutoff, "at" and "of_hits" for it, and "hits": how many were found
        within it.

    Raises:
        EvaluationError: no block, or a cutoff below 1.
    """
    parts = [_block(ranks, cutoff) for ranks in blocks]
    if not parts:
        raise EvaluationError("blocks: expected the ranks of at least one block of queries, got none; rank some.")
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def hash_map(
    scores: dict[str, Column], cutoff: int | None = None, *, prefix: str = "map", seed: int = 0
) -> dict[str, Interval | None]:
    """The means of the scores, each with its 95 % interval.

    Args:
        scores: what `hash_scores` returned.
        cutoff: R as given there; it becomes part of the names.
        prefix: "map", or "t_map" where relevant means to show the target's label.
        seed: of the resampling behind the intervals.

    Returns:
        {"map": ...} and, with a cutoff, "map@R", "map@R_of_hits" and "map@R_published". The last is None where no
        query has a hit within R: nothing is left to average.

    Raises:
        EvaluationError: no query has anything to find.
    """
    if not len(scores["map"]):
        raise EvaluationError(
            "scores: expected at least one query with a relevant item, got none; search for labels that are there."
        )
    found: dict[str, Interval | None] = {prefix: mean_interval(scores["map"], seed=seed)}
    if cutoff is not None:
        found[f"{prefix}@{cutoff}"] = mean_interval(scores["at"], seed=seed)
        found[f"{prefix}@{cutoff}_of_hits"] = mean_interval(scores["of_hits"], seed=seed)
        kept = scores["of_hits"][scores[HITS] > 0]
        found[f"{prefix}@{cutoff}_published"] = mean_interval(kept, seed=seed) if len(kept) else None
    return found


def precision_of_hits(ranks: Ranks, cutoff: int) -> tuple[Column, NDArray[np.int64]]:
    """Mean precision at the hits within the top ``cutoff``, and how many hits there are, of each scored query.

    Args:
        ranks: of Q queries.
        cutoff: last rank that counts, at least 1.

    Returns:
        Two vectors (scored queries,): values in 0..1, 0 where there is no hit, and the hits.
    """
    check_count(cutoff, "cutoff")
    hits = ranks.found_within(cutoff)[ranks.scored]
    most = np.minimum(ranks.relevant[ranks.scored], cutoff)
    return average_precision_at(ranks, cutoff) * most / np.maximum(hits, 1), hits


def _block(ranks: Ranks, cutoff: int | None) -> dict[str, Column]:
    scores = {"map": average_precision(ranks)}
    if cutoff is not None:
        of_hits, hits = precision_of_hits(ranks, cutoff)
        scores |= {"at": average_precision_at(ranks, cutoff), "of_hits": of_hits, HITS: hits.astype(np.float64)}
    return scores
