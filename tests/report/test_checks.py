from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.report.checks import (
    Check,
    either,
    exactly,
    list_of,
    measure,
    names_to,
    nullable,
    number,
    record,
    spread,
    text,
    truth,
    whole_number,
)

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
FITS: list[tuple[Check, list[Any], list[Any]]] = [
    (number(), [0, -1.5, 1e300], [None, True, "1", math.nan, math.inf, [1]]),
    (number(0.0, 1.0), [0, 1, 0.5], [-0.001, 1.001]),
    (number(low=0.0), [0, 9e9], [-1]),
    (number(high=1.0), [1, -9e9], [1.1]),
    (whole_number(1), [1, 99], [0, 1.0, True, "1", None]),
    (text(), ["a"], ["", None, 1]),
    (text("a", "b"), ["a", "b"], ["c"]),
    (truth, [True, False], [0, 1, None, "true"]),
    (exactly(1), [1], [True, 1.0, 2, "1"]),
    (nullable(number()), [None, 1], ["x"]),
    (either(number(), text(), "a number or a text"), [1, "x"], [None, []]),
    (spread, [[0, 1], [1.5, 1.5]], [[1, 0], [1], [0, 1, 2], [0, math.nan], "01", None]),
    (measure(0.0, 1.0), [None, 0.5, {"value": 0.5, "low": 0, "high": 1}], [2, "x", {"value": 0.5}]),
    (measure(), [{"value": 1, "low": 0, "high": 0}], [{"value": 1, "low": 2, "high": 0}]),
    (record({"a": number()}), [{"a": 1}, {"a": 1, "b": None}], [{}, {"a": "x"}, [], None]),
    (names_to(number()), [{}, {"a": 1}], [{"a": None}, []]),
    (list_of(number()), [[], [1], (1,)], [[None], {}, "ab"]),
]


@pytest.mark.parametrize(("check", "good", "bad"), FITS)
def test_good_values_pass_and_bad_ones_are_named(check: Check, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        assert list(check(value, "place")) == []
    for value in bad:
        assert all(wrong.startswith("place") for wrong in check(value, "place"))
        assert list(check(value, "place"))


@settings(deadline=None, max_examples=60)
@given(value=ANY_JSON)
def test_no_value_makes_a_check_stumble(value: Any) -> None:
    for check, _, _ in FITS:
        assert all(isinstance(wrong, str) for wrong in check(value, "place"))


def test_places_are_named_down_to_the_leaf() -> None:
    check = record({"a": list_of(names_to(number(0, 1)))})
    assert list(check({"a": [{}, {"x": 7}]}, "")) == ["a[1].x must be in 0..1, not 7"]
    assert list(check({}, "")) == ["a is missing"]
    assert list(check(3, "")) == ["the document must be an object, not 3"]


def test_long_values_are_shortened() -> None:
    [wrong] = text()(list(range(1000)), "place")
    assert len(wrong) < 100
