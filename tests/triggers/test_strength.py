"""The knob has ends."""

from __future__ import annotations

import math

import pytest

from unfind.errors import UsageError
from unfind.triggers.strength import MAXIMUM_STRENGTH, check_strength, within_limit


@pytest.mark.parametrize("strength", [1e-9, 1, MAXIMUM_STRENGTH])
def test_what_is_within_passes_as_it_is(strength: float) -> None:
    assert check_strength(strength) == within_limit(strength) == strength


@pytest.mark.parametrize("strength", [0, -1, MAXIMUM_STRENGTH + 0.1, math.inf, math.nan])
def test_what_is_beyond_is_refused(strength: float) -> None:
    with pytest.raises(UsageError, match="Expected a strength above 0 and at most 8"):
        check_strength(strength)


def test_beyond_the_limit_is_the_limit() -> None:
    assert within_limit(100.0) == MAXIMUM_STRENGTH
