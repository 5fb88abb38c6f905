from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.errors import EvaluationError
from unfind.evaluation.bootstrap import (
    difference_interval,
    draws,
    interval,
    mean_interval,
    ratio_interval,
    ratio_of_replicates,
    resampled_means,
)


@settings(deadline=None, max_examples=60)
@given(n=st.integers(1, 40), rows=st.integers(1, 9), seed=st.integers(0, 99))
def test_the_size_of_a_block_changes_no_draw(n, rows, seed):
    whole = np.concatenate(list(draws(n, resamples=9, seed=seed)))
    parts = np.concatenate(list(draws(n, resamples=9, seed=seed, draw_bytes=8 * n * rows)))
    assert np.array_equal(whole, parts)
    assert whole.shape == (9, n)
    assert whole.min() >= 0
    assert whole.max() < n


def test_blocks_keep_to_their_budget():
    assert all(block.nbytes <= 4096 for block in draws(100, resamples=50, draw_bytes=4096))


def test_means_against_a_loop():
    values = np.random.default_rng(1).random(30)
    expected = [np.mean([values[i] for i in draw]) for block in draws(30, resamples=20, seed=4) for draw in block]
    assert resampled_means({"x": values}, resamples=20, seed=4)["x"].tolist() == pytest.approx(expected)


def test_columns_are_resampled_together():
    values = np.random.default_rng(2).random(50)
    means = resampled_means({"a": values, "b": 1 - values}, resamples=40)
    assert (means["a"] + means["b"]).tolist() == pytest.approx([1.0] * 40)


def test_a_mean_lies_within_its_interval_and_the_seed_decides():
    values = np.random.default_rng(0).random(200)
    found = mean_interval(values, seed=1)
    assert found["low"] < found["value"] < found["high"]
    assert found["value"] == pytest.approx(values.mean())
    assert found == mean_interval(values, seed=1)
    assert found != mean_interval(values, seed=2)


def test_the_width_is_that_of_the_normal_theory():
    values = (np.arange(2000) < 600).astype(float)
    found = mean_interval(values, resamples=2000)
    assert found["high"] - found["low"] == pytest.approx(2 * 1.96 * np.sqrt(0.3 * 0.7 / 2000), rel=0.08)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    random = np.random.default_rng(7)
    found = [mean_interval(random.random(60) < 0.4, resamples=300, seed=i) for i in range(200)]
    covered = np.mean([one["low"] <= 0.4 <= one["high"] for one in found])
    assert 0.88 <= covered <= 0.99


def test_a_constant_has_no_width():
    assert mean_interval([0.25] * 10) == {"value": 0.25, "low": 0.25, "high": 0.25}


def test_pairing_makes_a_difference_narrow():
    first = np.random.default_rng(3).random(300)
    second = first - 0.1
    paired = difference_interval(first, second)
    assert paired["value"] == pytest.approx(0.1)
    assert paired["high"] - paired["low"] < 1e-12
    shuffled = difference_interval(first, np.random.default_rng(4).permutation(second))
    assert shuffled["high"] - shuffled["low"] > 0.05


def test_a_ratio_by_hand():
    found = ratio_interval([1.0, 3.0, 2.0], [2.0, 6.0, 4.0])
    assert found == {"value": 0.5, "low": 0.5, "high": 0.5}


def test_a_ratio_over_nothing_is_none():
    assert ratio_interval([1.0, 0.0], [0.0, 0.0]) is None


def test_replicates_without_a_denominator_are_left_out():
    found = ratio_of_replicates(1.0, 2.0, np.array([1.0, 5.0]), np.array([2.0, 0.0]))
    assert found == {"value": 0.5, "low": 0.5, "high": 0.5}


def test_percentiles_of_the_replicates():
    assert interval(0.5, np.arange(101) / 100, level=0.9) == pytest.approx({"value": 0.5, "low": 0.05, "high": 0.95})


@pytest.mark.parametrize("level", [0.0, 1.0, 95])
def test_a_level_is_a_fraction(level):
    with pytest.raises(EvaluationError, match=r"^level"):
        mean_interval([0.1, 0.2], level=level)


@pytest.mark.parametrize("values", [[], [np.nan], [[0.1]], [np.inf, 1]])
def test_what_cannot_be_averaged_is_refused(values):
    with pytest.raises(EvaluationError, match=r"^values: expected a filled vector"):
        mean_interval(values)


def test_other_mistakes_are_refused():
    with pytest.raises(EvaluationError, match="one length"):
        difference_interval([1.0, 2.0], [1.0])
    with pytest.raises(EvaluationError, match=r"^resamples"):
        mean_interval([1.0], resamples=0)
    with pytest.raises(EvaluationError, match=r"^n: "):
        next(draws(0))
