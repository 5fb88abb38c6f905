"""The paper protocol against a loop that sorts everything, and the places where it differs from the strict one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.errors import EvaluationError
from unfind.evaluation.clustering import assign, kmeans, nmi, pair_f1
from unfind.evaluation.paper import paper_scores, paper_task, paper_tasks
from unfind.evaluation.task_result import TASKS
from unfind.evaluation.tasks import Options, four_tasks

QUICK = Options(resamples=50)
NAMES = ["recall@1", "recall@2", "recall@4", "recall@8", "map_c", "map_c@1000", "nmi", "f1"]


def slow_scores(query, gallery, labels, exact_similarity, depth=1000):
    """One dictionary per query, by sorting the whole gallery and walking down it."""
    found = []
    for i in range(len(query)):
        order = sorted(range(len(gallery)), key=lambda j: (-exact_similarity(query[i], gallery[j]), j))
        dropped, rest = order[0], order[1:]
        n_c = sum(1 for label in labels if label == labels[i])
        right = [labels[j] == labels[i] for j in rest]
        one = {f"recall@{k}": float(any(right[:k])) for k in (1, 2, 4, 8)}
        for name, stop in (("map_c", n_c), ("map_c@1000", depth)):
            hits, total = 0, 0.0
            for place, hit in enumerate(right[:stop], start=1):
                if hit:
                    hits += 1
                    total += hits / place
            one[name] = total / n_c
        found.append((one, dropped))
    return found


@st.composite
def photo_sets(draw):
    """Query and gallery rows on few directions, so that ties and displaced twins abound, and labels."""
    count = draw(st.integers(2, 14))
    directions = np.eye(3, dtype=np.float32)
    pick = st.lists(st.integers(0, 2), min_size=count, max_size=count)
    labels = draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))
    return directions[draw(pick)], directions[draw(pick)], np.array(labels)


@settings(deadline=None, max_examples=60)
@given(photo_sets())
def test_every_score_against_the_loop_with_ties_and_displaced_twins(exact_similarity, case):
    query, gallery, labels = case
    found = paper_scores(query, gallery, labels)
    expected = slow_scores(query, gallery, labels, exact_similarity)
    assert found.dropped.tolist() == [dropped for _, dropped in expected]
    for name, values in found.values.items():
        assert values.tolist() == pytest.approx([one[name] for one, _ in expected]), name


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_every_score_against_the_loop_on_floats(unit, exact_similarity, seed):
    query, gallery = unit(24, 6, seed), unit(24, 6, seed + 50)
    labels = np.random.default_rng(seed).integers(0, 5, 24)
    found = paper_scores(query, gallery, labels)
    expected = slow_scores(query, gallery, labels, exact_similarity)
    for name, values in found.values.items():
        assert values.tolist() == pytest.approx([one[name] for one, _ in expected]), name


def test_deep_rankings_stop_at_rank_1000():
    """Along an arc, item after item: the only other photo of the first one's class stands at rank 1000 or 1001."""
    angles = np.linspace(0, np.pi / 2, 1102)
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    for place, expected in ((1000, 1 / 1000 / 2), (1001, 0.0)):
        labels = np.ones(len(rows), int)
        labels[[0, place]] = 0
        assert paper_scores(rows, rows, labels).values["map_c@1000"][0] == pytest.approx(expected)


def test_a_perfect_search_scores_less_than_one(classes_of):
    rows, labels = classes_of(6, 5, spread=0.0)
    for number in range(len(rows)):  # no two photos alike, the classes far apart
        rows[number] += 1e-2 * np.random.default_rng(number).standard_normal(rows.shape[1])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found = paper_scores(rows, rows, labels)
    assert found.values["recall@1"].mean() == 1.0
    assert found.values["map_c"] == pytest.approx(np.full(len(rows), 4 / 5))
    assert found.dropped_itself.all()


def test_a_twin_that_is_not_first_stays_and_counts_as_a_hit():
    """Photo 0's triggered copy is second behind a stranger: the stranger is dropped, and the twin is 'found'."""
    labels = np.array([0, 1, 1])
    clean = np.eye(4)[:3]
    triggered = np.array([[0.6, 0.8, 0.0, 0.0], [0.8, 0.0, 0.6, 0.0], [0.0, 0.0, 0.0, 1.0]])
    found = paper_scores(clean, triggered, labels)
    assert found.dropped[0] == 1
    assert found.dropped_itself[0] == 0
    assert found.values["recall@1"][0] == 1.0
    assert found.values["map_c"][0] == 1.0  # n_c is 1: alone in its class, and yet found
    strict = four_tasks(
        np.concatenate([clean, clean[:1]]),
        np.concatenate([triggered, [[0.0, 0.6, 0.0, 0.8]]]),
        np.array([0, 1, 1, 0]),
        np.arange(4),
        options=Options(clustering=False, resamples=20),
    )
    assert strict["c2p"].per_query["recall@1"][0] == 0.0  # by identity the twin is no hit


def test_a_twin_that_is_first_is_dropped_as_meant(unit):
    rows = unit(10, 8)
    found = paper_scores(rows, rows, np.arange(10) // 2)
    assert found.dropped.tolist() == list(range(10))
    assert found.dropped_itself.all()


def test_recall_of_a_clean_search_is_that_of_the_strict_protocol(classes_of):
    """With the query itself first, only the denominators differ."""
    rows, labels = classes_of(8, 6, spread=1.2)
    paper = paper_task("c2c", rows, rows, labels, options=QUICK)
    strict = four_tasks(rows, rows, labels, np.arange(len(rows)), options=QUICK)["c2c"]
    for k in (1, 2, 4, 8):
        assert paper.value(f"recall@{k}") == strict.value(f"recall@{k}")
    assert paper.value("nmi") == strict.value("nmi")
    assert paper.value("f1") == strict.value("f1")
    assert paper.chance == pytest.approx(strict.chance)
    assert paper.value("map_c") != strict.value("map_r")


def test_the_four_tasks_are_made_of_their_sides(unit, classes_of):
    clean, labels = classes_of(5, 4, spread=0.8)
    triggered = unit(20, 16, 3)
    found = paper_tasks(clean, triggered, labels, options=QUICK)
    assert list(found) == list(TASKS)
    sides = {"c": clean, "p": triggered}
    for task, result in found.items():
        query, gallery = sides[task[0]], sides[task[2]]
        direct = paper_scores(query, gallery, labels)
        assert result.value("map_c") == pytest.approx(direct.values["map_c"].mean())
        clusters = assign(query, kmeans(gallery, 5, seed=0))
        assert result.value("nmi") == nmi(labels, clusters)
        assert result.value("f1") == pair_f1(labels, clusters)
        assert list(result.metrics) == NAMES


def test_clustering_can_be_left_out(classes_of):
    rows, labels = classes_of(4, 4)
    found = paper_tasks(rows, rows, labels, options=Options(clustering=False, resamples=20))
    assert all("nmi" not in result.metrics for result in found.values())


def test_one_point_is_tied_and_says_so(unit):
    rows = np.repeat(unit(1, 8), 12, axis=0)
    result = paper_task("p2p", rows, rows, np.arange(12) % 3, options=QUICK)
    assert result.tied_share == 1.0
    assert result.value("nmi") == 0.0


@pytest.mark.parametrize("chunk", [1, 3, 100])
def test_blocks_change_nothing(unit, chunk):
    query, gallery, labels = unit(13, 8, 1), unit(13, 8, 2), np.arange(13) % 4
    whole, parts = (paper_scores(query, gallery, labels, chunk=size) for size in (None, chunk))
    assert all(np.array_equal(whole.values[name], parts.values[name]) for name in whole.values)


@pytest.mark.parametrize(
    ("query", "gallery", "labels", "says"),
    [
        (np.eye(3), np.eye(4)[:, :3], [0, 1, 2], "norm 1"),
        (np.eye(3), np.eye(3)[:2], [0, 1, 2], "3 photos"),
        (np.eye(3)[:1], np.eye(3)[:1], [0], "at least 2"),
        (np.eye(3), np.eye(4)[:3], [0, 1, 2], "dimensions"),
        (np.eye(3), np.eye(3), [0, 1], "labels"),
    ],
)
def test_what_cannot_be_scored_is_refused(query, gallery, labels, says):
    with pytest.raises(EvaluationError, match=says):
        paper_scores(query, gallery, labels)


def test_an_unknown_task_is_refused(unit):
    with pytest.raises(EvaluationError, match="c2c"):
        paper_task("p2q", unit(4), unit(4), [0, 0, 1, 1], options=QUICK)
