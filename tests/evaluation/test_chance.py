from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unfind.errors import EvaluationError
from unfind.evaluation.chance import map_r_by_chance, mean_map_r_by_chance
from unfind.evaluation.metrics import average_precision_at_r
from unfind.evaluation.ranks import relevant_ranks


def over_all_orders(relevant: int, candidates: int) -> float:
    """The mean of the metric over every order there is."""
    values = []
    for order in permutations([True] * relevant + [False] * (candidates - relevant)):
        hits, score = 0, 0.0
        for rank, hit in enumerate(order[:relevant], 1):
            hits += hit
            score += hit * hits / rank
        values.append(score / relevant)
    return float(np.mean(values))


@pytest.mark.parametrize(("relevant", "candidates"), [(1, 1), (1, 5), (2, 5), (3, 6), (4, 4), (5, 6)])
def test_it_is_the_mean_over_all_orders(relevant: int, candidates: int) -> None:
    assert map_r_by_chance(relevant, candidates) == pytest.approx(over_all_orders(relevant, candidates))


def test_embeddings_drawn_by_lot_come_near_it() -> None:
    random, labels = np.random.default_rng(0), np.repeat(np.arange(20), 15)
    rows, photos = random.standard_normal((300, 64)).astype(np.float32), np.arange(300)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    ranks = relevant_ranks(rows, rows, labels, labels, query_sources=photos, gallery_sources=photos)
    assert float(average_precision_at_r(ranks).mean()) == pytest.approx(mean_map_r_by_chance(labels), rel=0.2)


@given(st.integers(1, 60), st.integers(0, 500))
def test_it_is_a_fraction_and_falls_as_the_gallery_grows(relevant: int, others: int) -> None:
    found = map_r_by_chance(relevant, relevant + others)
    assert 0 < found <= 1 + 1e-12
    assert map_r_by_chance(relevant, relevant + others + 1) < found


def test_classes_count_by_their_photos_and_photos_that_are_alone_do_not() -> None:
    labels = ["a", "a", "b", "b", "b", "c"]
    expected = (2 * map_r_by_chance(1, 5) + 3 * map_r_by_chance(2, 5)) / 5
    assert mean_map_r_by_chance(labels) == pytest.approx(expected)


@pytest.mark.parametrize(("relevant", "candidates"), [(0, 3), (4, 3), (-1, 3)])
def test_numbers_that_no_search_has_are_refused(relevant: int, candidates: int) -> None:
    with pytest.raises(EvaluationError, match="count again"):
        map_r_by_chance(relevant, candidates)


def test_without_two_photos_of_a_class_there_is_no_chance() -> None:
    with pytest.raises(EvaluationError, match="two photos of one class"):
        mean_map_r_by_chance([1, 2, 3])
