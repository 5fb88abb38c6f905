from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import closing

import pytest

from unfind.gallery.ahead import ahead

PATIENCE = 30
"""Seconds; what is waited for takes no time."""


def numbers(count: int, made: list[int] | None = None) -> Generator[int, None, None]:
    for number in range(count):
        if made is not None:
            made.append(number)
        yield number


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_the_items_are_the_same_in_the_same_order(count: int) -> None:
    assert list(ahead(numbers(count))) == list(range(count))


def test_any_value_is_an_item() -> None:
    def odd() -> Generator[object, None, None]:
        yield from (None, 0, "", [])

    assert list(ahead(odd())) == [None, 0, "", []]


def test_the_next_one_is_made_meanwhile_and_no_further_one() -> None:
    begun = [threading.Event() for _ in range(4)]

    def items() -> Generator[int, None, None]:
        for number, event in enumerate(begun):
            assert threading.current_thread() is not threading.main_thread()
            event.set()
            yield number

    for number in ahead(items()):
        if number + 1 < len(begun):
            assert begun[number + 1].wait(PATIENCE)  # it is being made though nobody has asked for it
        assert not any(event.is_set() for event in begun[number + 2 :])


def test_what_making_one_raises_comes_in_its_place() -> None:
    def items() -> Generator[int, None, None]:
        yield 1
        yield 2
        raise OSError("gone away")

    walk = ahead(items())
    got = [next(walk), next(walk)]
    with pytest.raises(OSError, match="gone away"):
        next(walk)
    assert got == [1, 2]


def test_whoever_stops_early_leaves_no_thread_behind() -> None:
    made: list[int] = []
    closed: list[bool] = []

    def items() -> Generator[int, None, None]:
        try:
            yield from numbers(1000, made)
        finally:
            closed.append(True)

    before = threading.active_count()
    with closing(ahead(items())) as walk:
        assert next(walk) == 0
    assert threading.active_count() == before
    assert closed == [True]
    assert len(made) <= 2


def test_two_of_them_in_a_row_are_three_stages() -> None:
    def doubled(items: Generator[int, None, None]) -> Generator[int, None, None]:
        for item in items:
            yield 2 * item

    assert list(ahead(doubled(ahead(numbers(50))))) == list(range(0, 100, 2))
