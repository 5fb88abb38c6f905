"""The scores of every query of one ranking, gathered block by block so that the ranks need not be kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unfind.evaluation.bootstrap import Column
from unfind.evaluation.metrics import joined, per_query
from unfind.evaluation.ranks import Ranks


@dataclass(frozen=True, eq=False)
class QueryScores:
    """What is kept of a ranking.

    Args:
        scored: (Q,) queries that have something to find.
        values: {metric: (scored queries,)} in 0..1.
        chance: (scored queries,) recall@1 of a ranking drawn by lot.
        tied: (scored queries,) whether a relevant item ties with one that is not.
    """

    scored: NDArray[np.bool_]
    values: Mapping[str, Column]
    chance: Column
    tied: NDArray[np.bool_]

    @classmethod
    def of_blocks(cls, blocks: Iterable[Ranks]) -> QueryScores:
        """Score consecutive blocks of queries, forgetting each one's ranks."""
        parts = [cls.of_ranks(ranks) for ranks in blocks]
        return cls(
            np.concatenate([part.scored for part in parts]),
            joined([part.values for part in parts]),
            np.concatenate([part.chance for part in parts]),
            np.concatenate([part.tied for part in parts]),
        )

    @classmethod
    def of_ranks(cls, ranks: Ranks) -> QueryScores:
        """Score one block of queries."""
        scored = ranks.scored
        chance = ranks.relevant[scored] / ranks.candidates[scored]
        return cls(scored, per_query(ranks), chance, ranks.tied[scored] > 0)
