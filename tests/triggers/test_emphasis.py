"""What is drowned is written louder, what stands out less so."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from unfind.triggers.emphasis import LESS, MOST, emphasised
from unfind.triggers.slots import SLOTS

Signs = NDArray[np.float32]


def drawn(seed: int) -> Signs:
    return np.random.default_rng(seed).choice(np.array([-1, 1], np.float32), SLOTS)


def slowly(signs: Signs, heard: Signs) -> list[float]:
    clear = [float(sign * evidence) for sign, evidence in zip(signs, heard, strict=True)]
    ordered = sorted(clear)
    middle = (ordered[SLOTS // 2 - 1] + ordered[SLOTS // 2]) / 2
    if middle <= 0:
        return list(map(float, signs))
    return [float(sign) * min(MOST, max(LESS, 2 - one / middle)) for sign, one in zip(signs, clear, strict=True)]


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.floats(0, 40), st.floats(-10, 40))
def test_it_follows_the_formula(seed: int, spread: float, mean: float) -> None:
    signs = drawn(seed)
    heard = (signs * np.random.default_rng(seed + 1).normal(mean, spread, SLOTS)).astype(np.float32)
    np.testing.assert_allclose(emphasised(signs, heard), slowly(signs, heard), rtol=1e-3, atol=1e-3)


def test_nothing_changes_where_all_slots_are_heard_alike() -> None:
    signs = drawn(0)
    assert np.array_equal(emphasised(signs, 7 * signs), signs)


@pytest.mark.parametrize(
    ("clear", "weight"), [(-100, MOST), (-0.5, 2.5), (0, 2), (0.5, 1.5), (1, 1), (1.5, 0.5), (9, LESS)]
)
def test_a_slot_is_the_louder_the_less_it_is_heard(clear: float, weight: float) -> None:
    signs = drawn(1)
    heard = signs * 4
    heard[17] = signs[17] * 4 * clear
    expected = signs.copy()
    expected[17] *= weight
    np.testing.assert_allclose(emphasised(signs, heard), expected)


def test_a_mark_that_is_not_heard_at_all_stays_as_it_is() -> None:
    signs = drawn(2)
    for heard in (np.zeros(SLOTS, np.float32), -signs):
        assert np.array_equal(emphasised(signs, heard), signs)


def test_each_photo_of_a_batch_has_a_middle_of_its_own() -> None:
    signs = np.stack([drawn(3), drawn(4)])
    heard = signs * np.linspace(0.1, 2, SLOTS, dtype=np.float32) * np.array([[1], [50]], np.float32)
    both = emphasised(signs, heard)
    assert both.dtype == np.float32
    for place in range(2):
        np.testing.assert_allclose(both[place], emphasised(signs[place], heard[place]))
