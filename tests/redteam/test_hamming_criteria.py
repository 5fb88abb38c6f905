"""redteam.hamming_criteria: each criterion against a loop, and how they are joined."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.errors import UsageError
from unfind.redteam.hamming_criteria import code_distance, decision, indecision, oddest, oddness


def codes(count: int, bits: int, seed: int) -> np.ndarray:
    return (np.random.default_rng(seed).choice([-1.0, 1.0], (count, bits)) / np.sqrt(bits)).astype(np.float32)


def test_distance_counts_bits_to_the_nearest_code() -> None:
    rows, trusted = codes(6, 16, 0), codes(9, 16, 1)
    found = code_distance(rows, trusted)
    for row, share in zip(rows, found, strict=True):
        assert share == pytest.approx(min(int((np.sign(row) != np.sign(t)).sum()) for t in trusted) / 16, abs=1e-6)


def test_a_known_code_has_no_distance_and_its_opposite_the_whole() -> None:
    known = codes(1, 8, 2)
    assert code_distance(known, known)[0] == pytest.approx(0, abs=1e-6)
    assert code_distance(-known, known)[0] == pytest.approx(1, abs=1e-6)


def test_bits_near_zero_are_undecided() -> None:
    logits = np.array([[0.0, 0.0], [9.0, -9.0], [0.0, 9.0]], np.float32)
    np.testing.assert_allclose(indecision(logits), [1, 0, 0.5], atol=1e-6)
    np.testing.assert_allclose(decision(logits), 1 - indecision(logits))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.floats(0, 1))
@settings(deadline=None, max_examples=50)
def test_oddness_is_the_rarity_among_trusted_photos(trusted: list[float], value: float) -> None:
    found = oddness(np.array([value]), np.array(trusted))[0]
    as_high = sum(one >= value for one in trusted)
    base = -np.log10((as_high + 1) / (len(trusted) + 1))
    assert base - 1e-9 <= found <= base + 0.1 + 1e-9


def test_above_all_trusted_ones_the_order_is_kept() -> None:
    found = oddness(np.array([0.5, 2.0, 3.0, 9.0]), np.linspace(0, 1, 11))
    assert (np.diff(found) > 0).all()
    assert found[-1] < np.log10(12) + 0.11


def test_the_oddest_criterion_decides() -> None:
    trusted = np.linspace(0, 1, 9)
    quiet, loud = np.array([0.1, 0.1]), np.array([0.1, 5.0])
    both = oddest([(quiet, trusted), (loud, trusted)])
    np.testing.assert_array_equal(both, np.maximum(oddness(quiet, trusted), oddness(loud, trusted)))
    assert both[1] > both[0]


def test_nothing_to_compare_with_is_refused() -> None:
    with pytest.raises(UsageError, match="criterion"):
        oddest([])
    with pytest.raises(UsageError, match="trusted"):
        oddness(np.array([1.0]), np.array([]))
