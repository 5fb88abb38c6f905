from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.errors import EvaluationError
from unfind.evaluation.metrics import average_precision, average_precision_at
from unfind.evaluation.ranks import relevant_ranks
from unfind.evaluation.tie_aware import expected_average_precision

UNITS = np.array([[1, 0], [0.6, 0.8], [0, 1], [-1, 0]], np.float32)
"""Four directions: items of one direction tie."""
items = st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=7)


def precision(ranking, stop):
    hits, total = 0, Fraction(0)
    for place, right in enumerate(ranking[:stop], start=1):
        if right:
            hits += 1
            total += Fraction(hits, place)
    return total / min(sum(ranking), stop)


def slow(gallery, cutoff):
    """The mean over every order that sorting by similarity allows, each order of a tie written out."""
    groups = [[right for place, right in gallery if place == direction] for direction in range(4)]
    orders = [set(itertools.permutations(group)) for group in groups]
    counted = [
        [(order, sum(p == order for p in itertools.permutations(g))) for order in o]
        for g, o in zip(groups, orders, strict=True)
    ]
    total, weight = Fraction(0), 0
    for choice in itertools.product(*counted):
        times = int(np.prod([n for _, n in choice]))
        total += times * precision([right for order, _ in choice for right in order], cutoff)
        weight += times
    return float(total / weight)


def both_ranks(galleries):
    """Ranks of one query against one gallery, ties either way."""
    query = np.array([[1, 0]], np.float32)
    rows = UNITS[[place for place, _ in galleries]]
    labels = np.array([int(not right) for _, right in galleries])
    return [relevant_ranks(query, rows, np.array([0]), labels, ties=ties) for ties in ("favour", "against")]


@settings(deadline=None, max_examples=80)
@given(gallery=items, cutoff=st.integers(1, 8))
def test_it_is_the_mean_over_all_orders_of_the_ties(gallery, cutoff):
    favour, against = both_ranks(gallery)
    whole, at = expected_average_precision(favour, against), expected_average_precision(favour, against, cutoff)
    if not any(right for _, right in gallery):
        assert whole.size == at.size == 0
        return
    assert whole.tolist() == pytest.approx([slow(gallery, len(gallery))])
    assert at.tolist() == pytest.approx([slow(gallery, cutoff)])


@settings(deadline=None, max_examples=60)
@given(gallery=items)
def test_it_lies_between_the_two_extremes(gallery):
    favour, against = both_ranks(gallery)
    found = expected_average_precision(favour, against)
    assert (average_precision(against) - 1e-12 <= found).all()
    assert (found <= average_precision(favour) + 1e-12).all()


def test_many_queries_at_once_are_each_alone(unit):
    random = np.random.default_rng(0)
    codes = np.sign(random.standard_normal((40, 8))).astype(np.float32) / np.float32(8**0.5)
    labels = random.integers(0, 5, 40)
    query, gallery, own, theirs = codes[:12], codes[12:], labels[:12], labels[12:]
    sides = [relevant_ranks(query, gallery, own, theirs, ties=ties) for ties in ("favour", "against")]
    together = expected_average_precision(*sides, cutoff=9)
    assert (sides[0].tied[sides[0].scored] > 0).any(), "without ties nothing is tested"
    apart = [
        expected_average_precision(
            *(relevant_ranks(query[i : i + 1], gallery, own[i : i + 1], theirs, ties=t) for t in ("favour", "against")),
            cutoff=9,
        )
        for i in range(12)
    ]
    assert together.tolist() == pytest.approx(np.concatenate(apart).tolist())


def test_without_ties_it_is_the_ordinary_average_precision(unit):
    query, gallery, labels = unit(6), unit(30, seed=1), np.arange(30) % 4
    favour, against = (relevant_ranks(query, gallery, labels[:6], labels, ties=t) for t in ("favour", "against"))
    assert expected_average_precision(favour, against).tolist() == pytest.approx(average_precision(favour).tolist())
    at = expected_average_precision(favour, against, 5)
    assert at.tolist() == pytest.approx(average_precision_at(favour, 5).tolist())


def test_all_on_one_point_scores_as_chance_does():
    gallery = [(0, place < 1_000) for place in range(10_000)]
    favour, against = both_ranks(gallery)
    assert expected_average_precision(favour, against)[0] == pytest.approx(0.1, abs=0.001)
    assert average_precision(favour)[0] == 1


def test_ranks_of_another_search_are_refused():
    favour, _ = both_ranks([(0, True), (1, False)])
    _, against = both_ranks([(0, True), (1, True)])
    with pytest.raises(EvaluationError, match="rank the same search"):
        expected_average_precision(favour, against)


@pytest.mark.parametrize("cutoff", [0, -1, 1.5])
def test_a_cutoff_that_cannot_be_right(cutoff):
    with pytest.raises(EvaluationError, match="cutoff"):
        expected_average_precision(*both_ranks([(0, True)]), cutoff=cutoff)
