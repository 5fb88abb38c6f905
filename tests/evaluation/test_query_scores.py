from __future__ import annotations

import numpy as np

from unfind.evaluation.metrics import per_query
from unfind.evaluation.query_scores import QueryScores
from unfind.evaluation.ranks import rank_blocks, relevant_ranks
from unfind.evaluation.relevance import Relevance


def test_blocks_come_to_the_same_as_the_whole(classes_of):
    rows, labels = classes_of(6, 5, spread=1.0)
    relevance = Relevance.build(labels, labels, n_query=30, n_gallery=30)
    whole = per_query(relevant_ranks(rows, rows, labels, labels))
    for chunk in (1, 7, 100):
        found = QueryScores.of_blocks(rank_blocks(rows, rows, relevance, chunk=chunk))
        assert found.scored.all()
        for name, values in whole.items():
            assert np.array_equal(found.values[name], values)


def test_chance_is_the_share_of_relevant_candidates(ranks_of):
    found = QueryScores.of_ranks(ranks_of([[True, False, False, False], [False], [True, True]]))
    assert found.scored.tolist() == [True, False, True]
    assert found.chance.tolist() == [0.25, 1.0]


def test_ties_are_told_for_scored_queries_only():
    axes = np.eye(3, dtype=np.float32)
    gallery = axes[[1, 1, 0]]
    ranks = relevant_ranks(axes[[0, 1, 2]], gallery, [1, 2, 9], [1, 2, 3])
    found = QueryScores.of_ranks(ranks)
    assert found.scored.tolist() == [True, True, False]
    assert found.tied.tolist() == [True, True]
    untied = QueryScores.of_ranks(relevant_ranks(axes[[0]], gallery, [3], [1, 2, 3]))
    assert untied.tied.tolist() == [False]
