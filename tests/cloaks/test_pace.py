"""The numbers of the loop."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from unfind.cloaks.pace import Pace
from unfind.cloaks.passages import ROBUST, varied
from unfind.errors import UsageError


@pytest.mark.parametrize("budget", [0.0, -0.1, 1.001, float("nan"), float("inf")])
def test_a_budget_is_above_0_and_at_most_1(budget: float) -> None:
    with pytest.raises(UsageError, match="budget above 0 and at most 1"):
        Pace(budget=budget)
    Pace(budget=1.0)
    Pace(budget=1e-6)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"iterations": -1}, "iterations of at least 0"),
        ({"batch": 0}, "batch of at least 1"),
        ({"seed": -1}, "seed of at least 0"),
        ({"tolerance": -1.0}, "tolerance of at least 0"),
        ({"tolerance": float("nan")}, "tolerance of at least 0"),
        ({"margin": float("inf")}, "margin of at least 0"),
        ({"step": 0.0}, "step above 0"),
        ({"step": float("inf")}, "step above 0"),
        ({"momentum": 1.0}, "momentum of 0 up to but not 1"),
        ({"psnr": 9.0}, "PSNR of 10 to 50 dB"),
        ({"psnr": 51.0}, "PSNR of 10 to 50 dB"),
        ({"psnr": float("nan")}, "PSNR of 10 to 50 dB"),
        ({"rule": "newton"}, "rule sign or rms"),
        ({"passages": ()}, "passage that is judged"),
        ({"passages": (varied(),)}, "passage that is judged"),
    ],
)
def test_numbers_that_cannot_be(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        Pace(**settings)
    assert str(caught.value).endswith(".")


def test_the_usual_step_is_an_eighth_of_the_budget() -> None:
    assert Pace(budget=0.08).stride == pytest.approx(0.01)
    assert Pace(budget=0.08, step=0.02).stride == 0.02


@pytest.mark.parametrize("psnr", [20.0, 35.0, 40.0, 50.0])
def test_a_psnr_limits_the_root_mean_square_with_room_for_rounding(psnr: float) -> None:
    pace = Pace(psnr=psnr)
    assert pace.largest_rms is not None
    rounded = pace.largest_rms**2 + 1 / 4 / 255**2
    assert -10 * math.log10(rounded) == pytest.approx(psnr)
    assert pace.stride == pytest.approx(min(0.032 / 8, pace.largest_rms / 5))
    assert Pace(psnr=psnr, step=0.5).stride == 0.5


def test_without_a_psnr_there_is_no_such_limit() -> None:
    assert Pace().largest_rms is None


def test_as_a_dictionary_it_is_plain() -> None:
    plain = Pace(passages=ROBUST).as_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["passages"] == ["as-is", "jpeg90", "jpeg75", "resize0.75"]
    assert plain["budget"] == 0.032
