from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.errors import EvaluationError
from unfind.evaluation.outliers import LEAST, area_under_curve, mahalanobis, neighbour_distance, outlier_auc


def units(count: int, dimension: int = 12, seed: int = 0, lift: float = 0.5) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((count, dimension)) + lift
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=8), st.lists(st.integers(0, 4), min_size=1, max_size=8))
def test_the_area_is_the_share_of_pairs_in_order(positives: list[int], negatives: list[int]) -> None:
    pairs = [(p > n) + 0.5 * (p == n) for p in positives for n in negatives]
    assert area_under_curve(np.array(positives), np.array(negatives)) == pytest.approx(np.mean(pairs))


def test_the_tenth_neighbour_is_found_by_sorting() -> None:
    rows, known = units(5, seed=1), units(40, seed=2)
    wanted = [1 - sorted(known @ row)[-10] for row in rows]
    assert neighbour_distance(rows, known) == pytest.approx(np.array(wanted), abs=1e-6)
    assert neighbour_distance(rows, known[:3]) == pytest.approx(1 - (rows @ known[:3].T).min(1), abs=1e-6)


def test_mahalanobis_is_that_of_the_covariance_where_few_directions_are_all() -> None:
    rows, known = units(6, 5, seed=3), units(200, 5, seed=4)
    centre = known.mean(0)
    values, axes = np.linalg.eigh(np.cov(known.T, bias=True))
    parts = ((rows - centre) @ axes) ** 2 / values
    # The last direction is the rest; of one direction the rest is that direction.
    assert mahalanobis(rows, known) == pytest.approx(parts.sum(1), rel=1e-3)


def test_photos_like_the_others_are_not_told_apart() -> None:
    found = outlier_auc(units(600, seed=5), units(600, seed=6))
    assert found is not None
    assert found["worst"] < 0.58


def test_photos_elsewhere_are() -> None:
    clean = units(300, seed=5)
    found = outlier_auc(clean, -clean)
    assert found is not None
    assert found["neighbour"] > 0.95
    assert found["worst"] >= found["neighbour"]


def test_photos_that_are_too_typical_are_told_apart_as_well() -> None:
    clean = units(300, seed=5)
    centre = np.tile(clean.mean(0) / np.linalg.norm(clean.mean(0)), (300, 1)).astype(np.float32)
    found = outlier_auc(clean, centre)
    assert found is not None
    assert max(found["neighbour"], found["mahalanobis"]) < 0.1
    assert found["worst"] > 0.9


def test_the_halves_depend_on_the_seed_alone() -> None:
    clean, marked = units(200, seed=7), units(200, seed=8)
    assert outlier_auc(clean, marked, seed=1) == outlier_auc(clean, marked, seed=1)
    assert outlier_auc(clean, marked, seed=1) != outlier_auc(clean, marked, seed=2)


def test_too_few_photos_say_nothing() -> None:
    few = units(2 * LEAST - 1)
    assert outlier_auc(few, few) is None


def test_other_photos_than_those_are_refused() -> None:
    with pytest.raises(EvaluationError, match="rows like clean"):
        outlier_auc(units(90), units(80))


def test_equal_photos_do_not_divide_by_nothing() -> None:
    one = np.tile(units(1), (100, 1))
    found = outlier_auc(one, units(100))
    assert found is not None
    assert all(0 <= area <= 1 for area in found.values())
