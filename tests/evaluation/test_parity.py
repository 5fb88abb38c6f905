"""Our kernels beside those of other libraries and a plain loop, on random rankings and on awkward ones."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from sklearn.metrics import average_precision_score, normalized_mutual_info_score

from unfind.evaluation import metrics
from unfind.evaluation.clustering import assign, kmeans, nmi
from unfind.evaluation.ranks import relevant_ranks

THEIRS = ("precision_at_1", "r_precision", "mean_average_precision_at_r")
SEEDS = st.integers(0, 2**16)


@pytest.fixture(scope="module")
def calculator():
    logging.getLogger("PML").setLevel(logging.ERROR)  # it tells of classes with one photo, which are meant here
    return AccuracyCalculator(include=THEIRS, k="max_bin_count")


def drawn(seed: int, *, singletons: int = 0):
    """Embeddings without ties in classes of 1 to 6 photos."""
    random = np.random.default_rng(seed)
    sizes = np.r_[random.integers(2, 7, 6), np.ones(singletons, int)]
    labels = random.permutation(np.repeat(np.arange(len(sizes)), sizes))
    rows = random.standard_normal((len(sizes), 8))[labels] + 1.2 * random.standard_normal((len(labels), 8))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), labels


def ours(rows, labels):
    photos = np.arange(len(rows))
    ranks = relevant_ranks(rows, rows, labels, labels, query_sources=photos, gallery_sources=photos)
    found = metrics.mean(metrics.per_query(ranks))
    scored = ranks.scored
    within_r = [np.count_nonzero(ranks.of(q) <= len(ranks.of(q))) / len(ranks.of(q)) for q in np.flatnonzero(scored)]
    return {
        "precision_at_1": found["recall@1"],
        "r_precision": float(np.mean(within_r)),
        "mean_average_precision_at_r": found["map_r"],
    }


@settings(deadline=None, max_examples=15)
@given(seed=SEEDS, singletons=st.sampled_from([0, 3]))
def test_pytorch_metric_learning_agrees(calculator, seed, singletons):
    """Photos that are alone in their class are scored by neither, and stand in everybody's way in both."""
    rows, labels = drawn(seed, singletons=singletons)
    theirs = calculator.get_accuracy(rows, labels, rows, labels, ref_includes_query=True)
    assert ours(rows, labels) == pytest.approx({name: theirs[name] for name in THEIRS}, abs=1e-6)


@settings(deadline=None, max_examples=15)
@given(seed=SEEDS)
def test_scikit_learn_agrees_on_average_precision(seed):
    rows, labels = drawn(seed)
    photos = np.arange(len(rows))
    ranks = relevant_ranks(rows, rows, labels, labels, query_sources=photos, gallery_sources=photos)
    found = metrics.per_query(ranks)["map"]
    similarities = rows.astype(np.float64) @ rows.T.astype(np.float64)
    for place, query in enumerate(np.flatnonzero(ranks.scored)):
        others = photos != query
        expected = average_precision_score(labels[others] == labels[query], similarities[query, others])
        assert found[place] == pytest.approx(expected)


@settings(deadline=None, max_examples=25)
@given(
    labels=st.lists(st.integers(0, 4), min_size=1, max_size=40),
    clusters=st.lists(st.integers(0, 4), min_size=40, max_size=40),
)
def test_scikit_learn_agrees_on_nmi(labels, clusters):
    assigned = np.array(clusters[: len(labels)])
    assert nmi(labels, assigned) == pytest.approx(normalized_mutual_info_score(labels, assigned), abs=1e-12)


def test_a_clustering_of_our_own_is_scored_alike():
    rows, labels = drawn(4)
    clusters = assign(rows, kmeans(rows, 6))
    assert nmi(labels, clusters) == pytest.approx(normalized_mutual_info_score(labels, clusters))


def slow(query, gallery, query_labels, gallery_labels, ties):
    """Recall@1, AP and AP at R of one query, by sorting (similarity, rule for ties)."""
    items = []
    for row, label in zip(gallery, gallery_labels, strict=True):
        right = label == query_labels
        items.append((-float(query @ row), right if ties == "against" else not right, right))
    ranking = [right for _, _, right in sorted(items)]
    relevant, hits, total, at_r = sum(ranking), 0, 0.0, 0.0
    for place, right in enumerate(ranking, start=1):
        if right:
            hits += 1
            total += hits / place
            at_r += hits / place if place <= relevant else 0.0
    return (float(ranking[0]), total / relevant, at_r / relevant) if relevant else None


@settings(deadline=None, max_examples=60)
@given(
    picks=st.lists(st.integers(0, 2), min_size=3, max_size=12),
    labels=st.lists(st.integers(0, 3), min_size=12, max_size=12),
    ties=st.sampled_from(["favour", "against"]),
)
def test_a_loop_agrees_where_everything_ties_or_nothing_is_relevant(picks, labels, ties):
    """All rows lie on three axes; some labels occur once, and queries of class 9 have nothing to find."""
    gallery = np.eye(3)[picks]
    query = np.eye(3)
    query_labels = np.array([labels[0], labels[1], 9])
    gallery_labels = np.array(labels[: len(picks)])
    ranks = relevant_ranks(query, gallery, query_labels, gallery_labels, ties=ties)
    expected = [slow(q, gallery, label, gallery_labels, ties) for q, label in zip(query, query_labels, strict=True)]
    assert ranks.scored.tolist() == [one is not None for one in expected]
    found = metrics.per_query(ranks)
    for place, name in enumerate(("recall@1", "map", "map_r")):
        assert found[name].tolist() == pytest.approx([one[place] for one in expected if one is not None])
