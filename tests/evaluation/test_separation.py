"""evaluation.separation: areas, thresholds and precisions against slow loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.errors import EvaluationError
from unfind.evaluation.separation import (
    alarm_threshold,
    anomaly_index,
    auc,
    auc_interval,
    precision_at_top,
    share_above,
)

SCORES = st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=12)


def slow_auc(suspect: list[float], clean: list[float]) -> float:
    wins = 0.0
    for s in suspect:
        for c in clean:
            wins += 1.0 if s > c else 0.5 if s == c else 0.0
    return wins / (len(suspect) * len(clean))


@given(SCORES, SCORES)
@settings(deadline=None, max_examples=60)
def test_auc_is_the_share_of_pairs_won(suspect: list[float], clean: list[float]) -> None:
    assert auc(suspect, clean) == pytest.approx(slow_auc(suspect, clean))


@given(SCORES, SCORES)
@settings(deadline=None, max_examples=30)
def test_swapping_the_groups_mirrors_the_area(suspect: list[float], clean: list[float]) -> None:
    assert auc(suspect, clean) == pytest.approx(1 - auc(clean, suspect))


def test_an_interval_holds_its_value_and_narrows_with_more_photos() -> None:
    random = np.random.default_rng(0)
    few = auc_interval(random.normal(1, 1, 15), random.normal(0, 1, 15))
    many = auc_interval(random.normal(1, 1, 400), random.normal(0, 1, 400))
    for found in (few, many):
        assert found["low"] <= found["value"] <= found["high"]
    assert many["high"] - many["low"] < 0.5 * (few["high"] - few["low"])
    # The area between two normals one deviation apart is Phi(1 / sqrt 2).
    assert many["low"] < 0.760 < many["high"]


def test_an_interval_is_the_same_for_the_same_seed() -> None:
    assert auc_interval([1.0, 2.0], [0.0, 1.5], seed=3) == auc_interval([1.0, 2.0], [0.0, 1.5], seed=3)


@given(st.lists(st.integers(0, 20).map(float), min_size=1, max_size=60), st.sampled_from([0.0, 0.03, 0.05, 0.5]))
@settings(deadline=None, max_examples=60)
def test_no_more_alarms_than_allowed(clean: list[float], rate: float) -> None:
    assert share_above(clean, alarm_threshold(clean, rate)) <= rate


def test_a_threshold_uses_what_is_allowed() -> None:
    clean = np.arange(100.0)
    assert alarm_threshold(clean, 0.05) == 94.0
    assert share_above(clean, 94.0) == 0.05
    assert alarm_threshold(clean, 0.0) == 99.0
    assert alarm_threshold(clean, 1.0) == 0.0


def test_precision_counts_what_stands_first() -> None:
    assert precision_at_top([5, 4, 3, 2], [True, False, True, False]) == 0.5
    assert precision_at_top([5, 4, 3, 2], [True, True, False, False]) == 1.0
    assert precision_at_top([5, 4, 3, 2], [False, False, False, True]) == 0.0


@given(st.lists(st.integers(0, 2).map(float), min_size=3, max_size=8), st.integers(0, 6))
@settings(deadline=None, max_examples=30)
def test_precision_of_ties_is_the_mean_over_their_orders(scores: list[float], seed: int) -> None:
    random = np.random.default_rng(seed)
    wanted = random.random(len(scores)) < 0.5
    wanted[0] = True
    count = int(wanted.sum())
    drawn = []
    for _ in range(1500):
        order = np.lexsort((random.random(len(scores)), -np.array(scores)))
        drawn.append(wanted[order[:count]].mean())
    assert precision_at_top(scores, wanted) == pytest.approx(float(np.mean(drawn)), abs=0.06)


def test_an_anomaly_is_counted_in_deviations_of_the_others() -> None:
    others = [1.0, 2.0, 3.0, 4.0, 5.0]
    assert anomaly_index(3.0, others, least_deviation=0.1) == 0.0
    assert anomaly_index(3.0 + 2 * 1.4826, others, least_deviation=0.1) == pytest.approx(2.0)
    assert anomaly_index(0.0, others, least_deviation=0.1) < 0


def test_others_that_agree_by_chance_prove_nothing() -> None:
    assert anomaly_index(0.55, [0.5, 0.5], least_deviation=0.05) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "call",
    [
        lambda: auc([], [1.0]),
        lambda: auc([np.nan], [1.0]),
        lambda: auc([[1.0]], [1.0]),
        lambda: auc_interval([1.0], [0.0], resamples=0),
        lambda: alarm_threshold([], 0.1),
        lambda: alarm_threshold([1.0], 5.0),
        lambda: share_above([], 1.0),
        lambda: precision_at_top([1.0, 2.0], [False, False]),
        lambda: precision_at_top([1.0, 2.0], [True]),
        lambda: anomaly_index(1.0, [], least_deviation=0.1),
        lambda: anomaly_index(1.0, [1.0], least_deviation=0.0),
    ],
)
def test_what_cannot_be_scored_is_refused(call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(EvaluationError):
        call()
