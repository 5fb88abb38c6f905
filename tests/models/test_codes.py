from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from unfind.errors import ModelError, UsageError
from unfind.models.codes import (
    MOST_BITS,
    check_bits,
    hamming_distances,
    hamming_search,
    pack,
    signs,
    unit_codes,
    unpack,
)


def codes(least: int = 0, width: int | None = None) -> st.SearchStrategy[np.ndarray]:
    """Matrices of -1 and +1 with whole bytes of bits."""
    bits = st.sampled_from([8, 16, 24, 48, 64]) if width is None else st.just(width)
    shapes = bits.flatmap(lambda k: st.tuples(st.integers(least, 6), st.just(k)))
    return shapes.flatmap(lambda shape: hnp.arrays(np.float32, shape, elements=st.sampled_from([-1.0, 1.0])))


@given(codes())
@settings(deadline=None, max_examples=60)
def test_what_is_packed_comes_back(rows: np.ndarray) -> None:
    packed = pack(rows)
    assert packed.dtype == np.uint8
    assert packed.shape == (len(rows), rows.shape[1] // 8)
    assert np.array_equal(unpack(packed), rows)
    assert np.array_equal(pack(unit_codes(packed)), packed)


@given(hnp.arrays(np.uint8, st.tuples(st.integers(0, 5), st.integers(1, 8))))
@settings(deadline=None, max_examples=60)
def test_what_is_unpacked_goes_back(packed: np.ndarray) -> None:
    assert np.array_equal(pack(unpack(packed)), packed)


def test_the_first_bit_is_the_highest() -> None:
    assert pack(np.array([[1, -1, -1, -1, -1, -1, -1, 1]], np.int8)).tolist() == [[0b10000001]]


def test_0_and_minus_0_count_as_plus_one() -> None:
    logits = [0.0, -0.0, -1e-30, 1e-30, -3, 3, float("inf"), float("-inf")]
    expected = [1, 1, -1, 1, -1, 1, 1, -1]
    assert signs(torch.tensor(logits)).tolist() == expected
    assert unpack(pack(np.array([logits]))).tolist() == [expected]


def test_nan_is_noticed() -> None:
    assert signs(torch.tensor([float("nan"), 1.0])).isnan().tolist() == [True, False]
    with pytest.raises(ModelError, match="got NaN"):
        pack(np.full((1, 8), np.nan))


@given(codes(), st.data())
@settings(deadline=None, max_examples=60)
def test_distances_are_counted_bit_by_bit(left: np.ndarray, data: Any) -> None:
    right = data.draw(codes(width=left.shape[1]))
    expected = [[sum(a != b for a, b in zip(one, other, strict=True)) for other in right] for one in left]
    found = hamming_distances(pack(left), pack(right))
    assert found.shape == (len(left), len(right))
    assert found.tolist() == expected


@given(codes(least=1), st.data())
@settings(deadline=None, max_examples=40)
def test_unit_codes_have_the_distance_as_their_cosine(left: np.ndarray, data: Any) -> None:
    right, bits = data.draw(codes(least=1, width=left.shape[1])), left.shape[1]
    cosines = unit_codes(pack(left)) @ unit_codes(pack(right)).T
    np.testing.assert_allclose((1 - cosines) * bits / 2, hamming_distances(pack(left), pack(right)), atol=1e-4)


@given(codes(), st.integers(1, 8), st.data())
@settings(deadline=None, max_examples=60)
def test_search_finds_the_nearest_of_all(queries: np.ndarray, k: int, data: Any) -> None:
    gallery = data.draw(codes(least=1, width=queries.shape[1]))
    positions, distances = hamming_search(pack(queries), pack(gallery), k)
    every = hamming_distances(pack(queries), pack(gallery))
    count = min(k, len(gallery))
    assert positions.shape == distances.shape == (len(queries), count)
    assert np.array_equal(distances, np.sort(every, axis=1)[:, :count])
    assert np.array_equal(np.take_along_axis(every, positions, axis=1), distances)
    assert all(len(set(row)) == count for row in positions.tolist())


@pytest.mark.parametrize("bits", [8, 16, 24, 32, 48, 64, MOST_BITS])
def test_lengths_that_fill_bytes(bits: int) -> None:
    assert check_bits(bits) == bits
    assert pack(np.ones((2, bits))).shape == (2, bits // 8)


@pytest.mark.parametrize("bits", [0, -8, 7, 12, 47, MOST_BITS + 8])
def test_other_lengths_are_wrong_use(bits: int) -> None:
    with pytest.raises(UsageError, match=f"multiple of 8 bits from 8 to 1024, got {bits}"):
        check_bits(bits)


def test_a_vector_or_a_tensor_of_rank_3_is_no_set_of_codes() -> None:
    for shape in ((8,), (1, 1, 8)):
        with pytest.raises(ModelError, match="one row for each image"):
            pack(np.ones(shape))


@pytest.mark.parametrize("packed", [np.ones((2, 8)), np.ones(8, np.uint8), np.ones((2, 0), np.uint8)])
def test_what_is_not_packed_is_refused(packed: np.ndarray) -> None:
    good = np.zeros((1, 1), np.uint8)
    for use in (unpack, unit_codes, lambda x: hamming_distances(x, good), lambda x: hamming_search(good, x, 1)):
        with pytest.raises(ModelError, match=r"use pack\(\)"):
            use(packed)


def test_codes_of_two_models_cannot_be_compared() -> None:
    one, other = np.zeros((1, 2), np.uint8), np.zeros((1, 6), np.uint8)
    with pytest.raises(ModelError, match="got 16 and 48 bits"):
        hamming_distances(one, other)
    with pytest.raises(ModelError, match="got 16 and 48 bits"):
        hamming_search(one, other, 1)


@pytest.mark.parametrize("k", [0, -1])
def test_a_search_for_nothing_is_wrong_use(k: int) -> None:
    with pytest.raises(UsageError, match=f"at least 1 code, got {k}"):
        hamming_search(np.zeros((1, 1), np.uint8), np.zeros((1, 1), np.uint8), k)
