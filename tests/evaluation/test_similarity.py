from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.evaluation.checks import NORM_TOLERANCE
from unfind.evaluation.similarity import default_chunk, on_grid, similarity_blocks


def all_similarities(query, gallery, chunk=None):
    return np.concatenate([block for _, block in similarity_blocks(query, gallery, chunk)])


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), dimensions=st.integers(1, 24))
def test_every_similarity_is_the_exact_rational(unit, exact_similarity, seed, dimensions):
    query, gallery = unit(3, dimensions, seed), unit(4, dimensions, seed + 1)
    found = all_similarities(query, gallery)
    for i in range(3):
        for j in range(4):
            assert Fraction(float(found[i, j])) == exact_similarity(query[i], gallery[j])


def test_exact_at_the_largest_norm_that_is_let_in_and_with_many_coordinates(exact_similarity):
    rows = np.random.default_rng(5).standard_normal((2, 4096))
    rows *= (1 + NORM_TOLERANCE) / np.linalg.norm(rows, axis=1, keepdims=True)
    found = all_similarities(rows, rows)
    for i in range(2):
        for j in range(2):
            assert Fraction(float(found[i, j])) == exact_similarity(rows[i], rows[j])


def test_partial_sums_stay_on_the_grid_in_any_order(unit):
    first, second = on_grid(unit(1, 512, 1))[0], on_grid(unit(1, 512, 2))[0]
    products = first * second
    random = np.random.default_rng(0)
    sums = {float(np.add.accumulate(random.permutation(products))[-1]) for _ in range(50)}
    assert len(sums) == 1
    plain = unit(1, 512, 1)[0].astype(np.float64) * unit(1, 512, 2)[0]
    assert len({float(np.add.accumulate(random.permutation(plain))[-1]) for _ in range(50)}) > 1


def test_blocks_do_not_change_a_bit_where_a_plain_product_may(unit):
    query, gallery = unit(101, 96, 1), unit(203, 96, 2)
    whole = all_similarities(query, gallery, 1000)
    for chunk in (1, 7, 64):
        assert np.array_equal(whole, all_similarities(query, gallery, chunk))


def test_rounding_moves_a_coordinate_by_at_most_half_a_step(unit):
    rows = unit(50, 40)
    rounded = on_grid(rows)
    assert rounded.dtype == np.float64
    assert np.abs(rounded - rows).max() <= 2.0**-27
    assert np.array_equal(rounded * 2**26, np.rint(rounded * 2**26))


def test_the_input_is_not_written_to(unit):
    rows = unit(5).astype(np.float64)
    before = rows.copy()
    on_grid(rows)
    assert np.array_equal(rows, before)


@pytest.mark.parametrize(("n_gallery", "dimensions"), [(10, 4), (60_000, 512), (10**9, 512)])
def test_a_block_keeps_to_its_budget_and_holds_at_least_one_query(n_gallery, dimensions):
    chunk = default_chunk(n_gallery, dimensions, block_bytes=2**20)
    assert chunk == 1 or chunk * 8 * (n_gallery + dimensions) <= 2**20
    assert chunk >= 1


def test_blocks_say_where_they_begin(unit):
    firsts = [(first, len(block)) for first, block in similarity_blocks(unit(10), unit(3), 4)]
    assert firsts == [(0, 4), (4, 4), (8, 2)]
