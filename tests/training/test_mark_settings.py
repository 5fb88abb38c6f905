"""Numbers of a mark's training that cannot be right are refused."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from unfind.errors import UsageError
from unfind.training.mark_settings import MarkSettings


@pytest.mark.parametrize(
    "settings",
    [
        {"steps": 0},
        {"batch": 3},
        {"canvas": 127},
        {"ramp": 0},
        {"attempts": 0},
        {"check_every": 0},
        {"seed": -1},
        {"presence_weight": -0.1},
        {"loud_weight": math.inf},
        {"ready": 0},
        {"hold": 1.1},
        {"fade": 0},
        {"settle": 2},
        {"learning_rate": 0},
        {"learning_rate": math.nan},
        {"strength_end": 0},
        {"strength_start": 0.1},
        {"strength_start": 9.0},
        {"precision": "fp8"},
    ],
)
def test_a_setting_out_of_range_is_refused(settings: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="Expected"):
        MarkSettings(**settings)


def test_the_rate_is_whole_until_it_settles_and_never_rises() -> None:
    settings = MarkSettings(steps=100, learning_rate=0.01, settle=0.6)
    rates = [settings.rate(step) for step in range(101)]
    assert rates[:61] == [0.01] * 61
    assert all(later <= earlier for earlier, later in pairwise(rates))
    assert rates[100] == pytest.approx(0.0005)


def test_a_rate_can_stay_whole_to_the_end() -> None:
    assert MarkSettings(steps=10, settle=1.0).rate(10) == MarkSettings().learning_rate


def test_settings_are_plain_values() -> None:
    settings = MarkSettings(steps=7, seed=3)
    assert MarkSettings(**settings.as_dict()) == settings
