"""What a JSON document must look like, said in small checks that are put together.

A check takes a value and the name of its place, and yields half a sentence for each thing that is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Check = Callable[[Any, str], Iterator[str]]


def number(low: float = -math.inf, high: float = math.inf) -> Check:
    """A finite number, bounds included.

    Args:
        low: Smallest value allowed.
        high: Largest value allowed.
    """

    def check(value: Any, place: str) -> Iterator[str]:
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield f"{place} must be a number, not {_shown(value)}"
        elif not math.isfinite(value):
            yield f"{place} must be finite, not {value}; use null for what could not be measured"
        elif not low <= value <= high:
            yield f"{place} must be {_bounds(low, high)}, not {value}"

    return check


def whole_number(low: int) -> Check:
    """An integer.

    Args:
        low: Smallest value allowed.
    """

    def check(value: Any, place: str) -> Iterator[str]:
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            yield f"{place} must be a whole number of at least {low}, not {_shown(value)}"

    return check


def text(*choices: str) -> Check:
    """Text that is not empty.

    Args:
        *choices: The only texts allowed; any text when there are none.
    """

    def check(value: Any, place: str) -> Iterator[str]:
        if not isinstance(value, str) or not value:
            yield f"{place} must be text, not {_shown(value)}"
        elif choices and value not in choices:
            yield f"{place} must be {' or '.join(map(repr, choices))}, not {value!r}"

    return check


def truth(value: Any, place: str) -> Iterator[str]:
    """true or false."""
    if not isinstance(value, bool):
        yield f"{place} must be true or false, not {_shown(value)}"


def exactly(expected: Any) -> Check:
    """One value and no other."""

    def check(value: Any, place: str) -> Iterator[str]:
        if type(value) is not type(expected) or value != expected:
            yield f"{place} must be {expected!r}, not {_shown(value)}"

    return check


def nullable(inner: Check) -> Check:
    """What `inner` wants, or null."""

    def check(value: Any, place: str) -> Iterator[str]:
        if value is not None:
            yield from inner(value, place)

    return check


def either(first: Check, second: Check, wanted: str) -> Check:
    """What one of two checks wants.

    Args:
        first: One of them.
        second: The other one.
        wanted: Both in words, for the message.
    """

    def check(value: Any, place: str) -> Iterator[str]:
        if any(first(value, place)) and any(second(value, place)):
            yield f"{place} must be {wanted}, not {_shown(value)}"

    return check


def spread(value: Any, place: str) -> Iterator[str]:
    """A list of two finite numbers, low before high."""
    if not isinstance(value, list) or len(value) != 2 or any(any(number()(v, place)) for v in value):
        yield f"{place} must be [low, high], not {_shown(value)}"
    elif value[0] > value[1]:
        yield f"{place} must be [low, high] with low <= high, not {value}"


def measure(low: float = -math.inf, high: float = math.inf) -> Check:
    """A number, a number with its interval {"value", "low", "high"}, or null for not measured.

    Args:
        low: Smallest value allowed for each of them.
        high: Largest value allowed for each of them.
    """
    inside = number(low, high)
    with_interval = record({"value": inside, "low": inside, "high": inside})

    def check(value: Any, place: str) -> Iterator[str]:
        if isinstance(value, Mapping):
            found = list(with_interval(value, place))
            yield from found
            if not found and value["low"] > value["high"]:
                yield f"{place} must have low <= high, not {value['low']} and {value['high']}"
        elif value is not None:
            yield from inside(value, place)

    return check


def record(fields: Mapping[str, Check]) -> Check:
    """An object that has at least these keys.

    Args:
        fields: What each key must hold; further keys may hold any JSON.
    """

    def check(value: Any, place: str) -> Iterator[str]:
        if not isinstance(value, Mapping):
            yield f"{place or 'the document'} must be an object, not {_shown(value)}"
            return
        for key, inner in fields.items():
            if key in value:
                yield from inner(value[key], _inside(place, key))
            else:
                yield f"{_inside(place, key)} is missing"

    return check


def names_to(inner: Check) -> Check:
    """An object with any names, all of whose values `inner` accepts."""

    def check(value: Any, place: str) -> Iterator[str]:
        if not isinstance(value, Mapping):
            yield f"{place} must be an object, not {_shown(value)}"
            return
        for key, item in value.items():
            yield from inner(item, _inside(place, key))

    return check


def list_of(inner: Check) -> Check:
    """A list all of whose items `inner` accepts."""

    def check(value: Any, place: str) -> Iterator[str]:
        if not isinstance(value, list | tuple):
            yield f"{place} must be a list, not {_shown(value)}"
            return
        for index, item in enumerate(value):
            yield from inner(item, f"{place}[{index}]")

    return check


def _inside(place: str, key: Any) -> str:
    return f"{place}.{key}" if place else str(key)


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def _bounds(low: float, high: float) -> str:
    if math.isinf(high):
        return f"at least {low:g}"
    return f"at most {high:g}" if math.isinf(low) else f"in {low:g}..{high:g}"
