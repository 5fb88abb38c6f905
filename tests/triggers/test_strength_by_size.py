"""Small photos get a louder mark, within a limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unfind.triggers.strength_by_size import ENOUGH, MOST, strength_by_size

SIDES = st.integers(1, 20_000)


@pytest.mark.parametrize(
    ("side", "factor"),
    [(1, 1.4), (127, 1.4), (128, 1.4), (160, 1.3), (192, 1.2), (255, 1.003125), (256, 1), (9000, 1)],
)
def test_the_shorter_side_says_how_much_louder(side: int, factor: float) -> None:
    for height, width in ((side, side), (side, 20_000), (20_000, side)):
        assert strength_by_size(0.5, height, width) == pytest.approx(0.5 * factor)


@pytest.mark.parametrize(("asked", "made"), [(0.6, 0.84), (0.9, 1), (1, 1), (1.3, 1.3), (8, 8)])
def test_size_alone_makes_no_mark_louder_than_enough(asked: float, made: float) -> None:
    assert strength_by_size(asked, 128, 128) == pytest.approx(made)


@given(st.floats(1e-6, 8), SIDES, SIDES)
def test_it_is_what_was_asked_for_or_somewhat_more(asked: float, height: int, width: int) -> None:
    made = strength_by_size(asked, height, width)
    assert asked <= made <= min(asked * MOST, max(asked, ENOUGH))
    assert made == strength_by_size(asked, width, height)


@given(st.floats(1e-6, 4), st.floats(1, 2), SIDES)
def test_more_is_never_less(asked: float, louder: float, side: int) -> None:
    """The retry of a mark that cannot be read back works on top."""
    assert strength_by_size(asked * louder, side, side) >= strength_by_size(asked, side, side)
    assert strength_by_size(asked, side, side) >= strength_by_size(asked, side + 1, side + 1)
