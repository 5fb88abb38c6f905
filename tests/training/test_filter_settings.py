"""Numbers of a second decoder's training that cannot be right are refused."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from unfind.errors import UsageError
from unfind.training.filter_settings import FilterSettings


@pytest.mark.parametrize(
    "settings",
    [
        {"steps": 0},
        {"batch": 3},
        {"warm": 0},
        {"check_every": 0},
        {"seed": -1},
        {"presence_weight": -0.1},
        {"presence_weight": math.inf},
        {"learning_rate": 0},
        {"learning_rate": math.nan},
        {"faintest": 0},
        {"faintest": 0.9},
        {"loudest": 9.0},
        {"precision": "fp8"},
    ],
)
def test_a_setting_out_of_range_is_refused(settings: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="Expected"):
        FilterSettings(**settings)


def test_the_rate_rises_and_falls_to_nothing() -> None:
    settings = FilterSettings(steps=100, learning_rate=0.01, warm=10)
    rates = [settings.rate(step) for step in range(101)]
    assert rates[0] == pytest.approx(0.001)
    assert max(rates) > 0.0095
    assert all(later < earlier for earlier, later in pairwise(rates[10:]))
    assert rates[100] == pytest.approx(0)
    assert settings.as_dict()["warm"] == 10
