from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from unfind.errors import EvaluationError
from unfind.evaluation.hamming import hamming_curve, hamming_to, steps_until

logits = st.floats(-3, 3, width=32)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 9), st.data())
@settings(deadline=None, max_examples=60)
def test_distances_and_curve_are_counted_bit_by_bit(steps: int, images: int, bits: int, data: st.DataObject) -> None:
    codes = data.draw(hnp.arrays(np.float32, (steps, images, bits), elements=logits))
    targets = data.draw(hnp.arrays(np.float32, (images, bits), elements=logits))
    expected = [
        [
            sum((a >= 0) != (b >= 0) for a, b in zip(row, goal, strict=True))
            for row, goal in zip(step, targets, strict=True)
        ]
        for step in codes
    ]
    assert hamming_to(codes, targets).tolist() == expected
    assert hamming_to(codes[0], targets).tolist() == expected[0]
    assert hamming_curve(codes, targets).tolist() == pytest.approx([sum(row) / images for row in expected])


def test_0_is_the_bit_of_plus_one() -> None:
    assert hamming_to([[0.0, -0.0, -1.0]], [[1.0, 1.0, 1.0]]).tolist() == [1]


def test_integers_and_unit_codes_are_codes_too() -> None:
    codes = np.array([[1, -1, 1, 1]], np.int8)
    assert hamming_to(codes, codes / 2).tolist() == [0]
    assert hamming_to(codes, -codes).tolist() == [4]


def test_the_first_step_that_is_near_enough_counts() -> None:
    curve = [9.0, 4.0, 0.5, 0.75, 0.0]
    assert steps_until(curve, 9.5) == 1
    assert steps_until(curve, 0.5) == 3
    assert steps_until(curve, 0.1) == 5
    assert steps_until(curve, -1) is None
    assert steps_until([], 1) is None


@pytest.mark.parametrize(
    ("codes", "targets"),
    [(np.ones((2, 8)), np.ones((3, 8))), (np.ones((2, 8)), np.ones((2, 4))), (np.ones(8), np.ones(8))],
)
def test_shapes_that_do_not_pair_up_are_refused(codes: np.ndarray, targets: np.ndarray) -> None:
    with pytest.raises(EvaluationError, match="one target for each image"):
        hamming_to(codes, targets)


@pytest.mark.parametrize("codes", [np.ones((2, 8)), np.ones((0, 2, 8)), np.ones((1, 1, 2, 8))])
def test_a_curve_needs_steps(codes: np.ndarray) -> None:
    with pytest.raises(EvaluationError, match="the codes after every step"):
        hamming_curve(codes, np.ones((2, 8)))


@pytest.mark.parametrize("codes", [np.full((1, 8), np.nan), np.ones((1, 8), bool), np.ones((1, 8), np.uint8)])
def test_what_has_no_sign_is_refused(codes: np.ndarray) -> None:
    with pytest.raises(EvaluationError, match="signed numbers"):
        hamming_to(codes, np.ones((1, 8)))
