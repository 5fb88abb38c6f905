"""Before, after, and the difference made loud."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from unfind.errors import UsageError
from unfind.report.before_after import GREY, Pair, before_after, loud_difference


def picture(seed: int, height: int = 12, width: int = 20) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_a_row_of_three_for_each_photo() -> None:
    pairs = {"one.jpg": Pair(picture(0), picture(1), "41.0 dB"), "two.png": Pair(picture(2), picture(3))}
    svg = before_after(pairs, amplify=8, format="svg").decode()
    assert svg.count("<image") == 6
    for said in ("one.jpg", "two.png", "before", "after, 41.0 dB", "difference x 8"):
        assert said in svg


def test_a_large_photo_is_drawn_small_and_a_small_one_as_it_is() -> None:
    large = {"large": Pair(picture(0, 300, 900), picture(1, 300, 900))}
    light, heavy = (len(before_after(large, largest=side)) for side in (60, 900))
    assert light < heavy
    with Image.open(io.BytesIO(before_after({"small": Pair(picture(0), picture(1))}))) as image:
        assert image.format == "PNG"


@given(st.integers(0, 2**31), st.sampled_from([1.0, 4.0, 16.0]))
@settings(deadline=None, max_examples=25)
def test_the_difference_against_an_obvious_loop(seed: int, amplify: float) -> None:
    before, after = picture(seed, 3, 4), picture(seed + 1, 3, 4)
    loud = loud_difference(before, after, amplify)
    for place in np.ndindex(*before.shape):
        expected = min(255, max(0, GREY + amplify * (int(after[place]) - int(before[place]))))
        assert loud[place] == expected


def test_no_change_is_grey() -> None:
    assert (loud_difference(picture(5), picture(5)) == GREY).all()


@pytest.mark.parametrize(("amplify", "largest"), [(0.0, 10), (1.0, 0)])
def test_numbers_out_of_range(amplify: float, largest: int) -> None:
    with pytest.raises(UsageError, match="a preview needs"):
        before_after({"a": Pair(picture(0), picture(1))}, amplify=amplify, largest=largest)


def test_nothing_to_draw_and_two_sizes() -> None:
    with pytest.raises(UsageError, match="a preview needs photos"):
        before_after({})
    with pytest.raises(UsageError, match="pictures of one size"):
        before_after({"a": Pair(picture(0), picture(1, 13))})
