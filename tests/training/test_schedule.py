from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from unfind.training.schedule import rate_factor, strength_factor
from unfind.training.settings import FitSettings


@pytest.mark.parametrize(
    ("step", "factor"),
    [(0, 1), (25, 1), (50, 1), (75, 0.55), (100, 0.1), (62.5, 0.1 + 0.9 * (1 + math.sqrt(0.5)) / 2)],
)
def test_the_rate_stays_and_then_falls_along_half_a_cosine(step: int, factor: float) -> None:
    assert rate_factor(step, FitSettings(steps=100, settle=0.5, settled=0.1)) == pytest.approx(factor)


def test_a_rate_that_never_settles_stays() -> None:
    settings = FitSettings(steps=10, settle=1.0, settled=0.1)
    assert [rate_factor(step, settings) for step in range(11)] == [1.0] * 11


def test_a_rate_that_settles_to_nothing_moves_nothing_in_the_end() -> None:
    settings = FitSettings(steps=10, settle=0.0, settled=0.0)
    assert rate_factor(0, settings) == 1
    assert rate_factor(5, settings) == pytest.approx(0.5)
    assert rate_factor(10, settings) == pytest.approx(0)
    assert rate_factor(9, settings) > 0


@pytest.mark.parametrize(("step", "factor"), [(0, 4), (20, 2), (40, 1), (70, 1), (10, math.sqrt(8)), (30, 2**0.5)])
def test_the_mark_fades_geometrically_to_its_own_strength(step: int, factor: float) -> None:
    settings = FitSettings(steps=80, fade=0.5, strength_start=4.0)
    assert strength_factor(step, settings) == pytest.approx(factor)


def test_a_mark_that_does_not_fade_has_its_own_strength() -> None:
    assert strength_factor(0, FitSettings(fade=0.0, strength_start=4.0)) == 1
    assert strength_factor(0, FitSettings(fade=1.0, strength_start=1.0)) == 1


@hypothesis_settings(deadline=None, max_examples=100)
@given(
    steps=st.integers(1, 200),
    settle=st.floats(0, 1),
    settled=st.floats(0, 1),
    fade=st.floats(0, 1),
    start=st.floats(0.1, 10),
)
def test_both_go_one_way_and_end_where_they_should(
    steps: int, settle: float, settled: float, fade: float, start: float
) -> None:
    settings = FitSettings(steps=steps, settle=settle, settled=settled, fade=fade, strength_start=start)
    rates = [rate_factor(step, settings) for step in range(steps + 1)]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == 1
    assert settled - 1e-9 <= rates[-1] <= 1
    strengths = [strength_factor(step, settings) for step in range(steps + 1)]
    assert strengths == sorted(strengths, reverse=start > 1)
    assert strengths[-1] == 1
