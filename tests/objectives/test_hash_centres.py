from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.objectives.hash_centres import hadamard, hash_centres


@pytest.mark.parametrize("order", [1, 2, 4, 8, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128])
def test_the_rows_of_a_hadamard_matrix_are_orthogonal(order: int) -> None:
    matrix = hadamard(order)
    assert matrix is not None
    assert np.array_equal(np.abs(matrix), np.ones((order, order)))
    assert np.array_equal(matrix @ matrix.T, order * np.eye(order))


@pytest.mark.parametrize("order", [3, 6, 7, 56])
def test_where_the_constructions_end_there_is_none(order: int) -> None:
    assert hadamard(order) is None


@given(st.integers(0, 60), st.sampled_from([8, 16, 24, 48, 56]))
@settings(deadline=None, max_examples=40)
def test_the_first_centres_are_the_same_however_many_are_wanted(count: int, bits: int) -> None:
    centres = hash_centres(count, bits)
    assert centres.shape == (count, bits)
    assert set(np.unique(centres)) <= {-1, 1}
    assert np.array_equal(centres, hash_centres(60, bits)[:count])


@pytest.mark.parametrize("bits", [16, 24, 32, 48, 64])
def test_up_to_twice_the_bits_they_differ_in_half_of_them_or_in_all(bits: int) -> None:
    centres = hash_centres(2 * bits, bits)
    distances = (bits - centres @ centres.T) / 2
    assert set(np.unique(distances[~np.eye(2 * bits, dtype=bool)])) == {bits / 2, bits}


def test_a_hundred_classes_in_48_bits_stay_far_apart() -> None:
    centres = hash_centres(100, 48)
    distances = (48 - centres @ centres.T) / 2
    assert distances[~np.eye(100, dtype=bool)].min() >= 12
    assert np.array_equal(centres[96:].sum(1), np.zeros(4)), "random ones are balanced"


def test_without_a_hadamard_matrix_random_codes_are_still_apart() -> None:
    centres = hash_centres(10, 56)
    distances = (56 - centres @ centres.T) / 2
    assert distances[~np.eye(10, dtype=bool)].min() >= 20
