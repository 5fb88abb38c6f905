from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.report.measure import Measure


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (None, None),
        (0.25, Measure(0.25)),
        (1, Measure(1.0)),
        ({"value": 0.5, "low": 0.4, "high": 0.6}, Measure(0.5, 0.4, 0.6)),
        ({"value": 0.5, "low": 0.4, "high": 0.6, "n": 7}, Measure(0.5, 0.4, 0.6)),
    ],
)
def test_parse_takes_what_reports_hold(entry: Any, expected: Measure | None) -> None:
    assert Measure.parse(entry) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.7123, "71.2 %"), (1.0, "100.0 %"), (0.0, "0.0 %"), (-0.00001, "0.0 %"), (-0.0213, "−2.1 %")],
)
def test_percent_reads_well(value: float, text: str) -> None:
    assert Measure(value).percent == text


def test_interval_is_shown_only_when_there_is_one() -> None:
    assert Measure(0.5, 0.4, 0.6).percent_interval == "40.0–60.0"
    assert Measure(0.5).percent_interval == ""


@settings(deadline=None, max_examples=60)
@given(st.floats(-5, 5))
def test_percent_is_right_to_a_tenth(value: float) -> None:
    shown = float(Measure(value).percent.replace("−", "-").removesuffix(" %"))
    assert abs(shown - 100 * value) <= 0.0501
