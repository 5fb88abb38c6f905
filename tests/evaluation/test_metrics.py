from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from sklearn.metrics import average_precision_score

from unfind.errors import EvaluationError
from unfind.evaluation import metrics
from unfind.evaluation.ranks import relevant_ranks

NAMES = ["recall@1", "recall@2", "recall@4", "recall@8", "map", "map_r", "map@1000"]

rankings = st.lists(st.lists(st.booleans(), max_size=30), min_size=1, max_size=6)


def slow_average_precision(ranking, stop, denominator):
    hits, total = 0, 0.0
    for place, right in enumerate(ranking[:stop], start=1):
        if right:
            hits += 1
            total += hits / place
    return total / denominator


def slow_metrics(ranking, cutoff=1000):
    relevant = sum(ranking)
    return {
        **{f"recall@{k}": float(any(ranking[:k])) for k in (1, 2, 4, 8)},
        "map": slow_average_precision(ranking, len(ranking), relevant),
        "map_r": slow_average_precision(ranking, relevant, relevant),
        "map@1000": slow_average_precision(ranking, cutoff, min(relevant, cutoff)),
    }


@settings(deadline=None, max_examples=60)
@given(rankings=rankings)
def test_every_metric_against_a_loop_over_the_ranking(ranks_of, rankings):
    found = metrics.per_query(ranks_of(rankings))
    scored = [slow_metrics(ranking) for ranking in rankings if any(ranking)]
    assert list(found) == NAMES
    for name, values in found.items():
        assert values.tolist() == pytest.approx([expected[name] for expected in scored])
        assert ((values >= 0) & (values <= 1)).all()


@settings(deadline=None, max_examples=60)
@given(rankings=rankings, cutoff=st.integers(1, 12))
def test_a_cutoff_against_the_loop(ranks_of, rankings, cutoff):
    found = metrics.average_precision_at(ranks_of(rankings), cutoff)
    expected = [slow_metrics(ranking, cutoff)["map@1000"] for ranking in rankings if any(ranking)]
    assert found.tolist() == pytest.approx(expected)


def test_the_cutoff_of_map_at_1000_by_hand(ranks_of):
    ranking = [False] * 999 + [True, True] + [True] * 1500
    found = metrics.per_query(ranks_of([ranking]))
    assert found["map@1000"].tolist() == pytest.approx([1 / 1000 / 1000])
    assert found["map"][0] > found["map@1000"][0]


def test_by_hand(ranks_of):
    found = metrics.per_query(ranks_of([[False, True, False, True, True]]))
    assert found["recall@1"].tolist() == [0.0]
    assert found["recall@2"].tolist() == [1.0]
    assert found["map"][0] == pytest.approx((1 / 2 + 2 / 4 + 3 / 5) / 3)
    assert found["map_r"][0] == pytest.approx((1 / 2) / 3)


def test_no_hit_within_r_scores_zero_and_nothing_to_find_is_not_scored(ranks_of):
    found = metrics.per_query(ranks_of([[False, True], [False, False], [True, False]]))
    assert found["map_r"].tolist() == [0.0, 1.0]
    assert metrics.mean(found)["map_r"] == 0.5


def test_perfect_retrieval_is_one_everywhere(ranks_of):
    found = metrics.per_query(ranks_of([[True] * 5 + [False] * 20, [True] + [False] * 3]))
    assert all((values == 1.0).all() for values in found.values())


def test_mean_refuses_a_set_with_nothing_to_find(ranks_of):
    with pytest.raises(EvaluationError, match="at least one query"):
        metrics.mean(metrics.per_query(ranks_of([[False, False], []])))


@settings(deadline=None, max_examples=60)
@given(rankings=st.lists(st.lists(st.booleans(), max_size=12), min_size=2, max_size=8))
def test_scoring_in_blocks_is_scoring_at_once(ranks_of, rankings):
    parts = [metrics.per_query(ranks_of([ranking])) for ranking in rankings]
    whole = metrics.per_query(ranks_of(rankings))
    for name, values in metrics.joined(parts).items():
        assert np.array_equal(values, whole[name])


def test_agrees_with_pytorch_metric_learning(classes_of):
    rows, labels = classes_of(12, 8, spread=1.5)
    photos = np.arange(len(rows))
    ranks = relevant_ranks(rows, rows, labels, labels, query_sources=photos, gallery_sources=photos)
    found = metrics.mean(metrics.per_query(ranks))
    calculator = AccuracyCalculator(include=("precision_at_1", "mean_average_precision_at_r"), k="max_bin_count")
    expected = calculator.get_accuracy(rows, labels, rows, labels, ref_includes_query=True)
    assert 0.2 < found["recall@1"] < 1
    assert found["recall@1"] == pytest.approx(expected["precision_at_1"])
    assert found["map_r"] == pytest.approx(expected["mean_average_precision_at_r"])


def test_map_agrees_with_scikit_learn(classes_of):
    rows, labels = classes_of(6, 10, spread=2.0)
    ranks = relevant_ranks(rows[:20], rows[20:], labels[:20] + 2, labels[20:])
    similarity = rows[:20].astype(np.float64) @ rows[20:].T.astype(np.float64)
    expected = [average_precision_score(labels[20:] == labels[i] + 2, similarity[i]) for i in range(20)]
    assert metrics.average_precision(ranks).tolist() == pytest.approx(expected)
