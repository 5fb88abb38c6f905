"""The checksum beside a slow division, and what it must notice."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.triggers.checksum import BITS, POLYNOMIAL, START, checksum, to_bits, to_number


def by_division(message: np.ndarray) -> int:
    """The remainder of the message, with the register's start added to its head, divided by the polynomial."""
    count = len(message)
    number = to_number(message) << BITS
    number ^= START << count if count >= BITS else 0
    divisor = POLYNOMIAL | 1 << BITS
    for place in reversed(range(BITS, count + BITS)):
        if number >> place & 1:
            number ^= divisor << (place - BITS)
    return number


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 1), min_size=12, max_size=80))
def test_it_is_the_remainder_of_a_division(bits: list[int]) -> None:
    message = np.array(bits, np.uint8)
    assert to_number(checksum(message)) == by_division(message)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 1), min_size=20, max_size=60), st.data())
def test_up_to_three_wrong_bits_are_noticed(bits: list[int], data: st.DataObject) -> None:
    message = np.array(bits, np.uint8)
    wrong = data.draw(st.lists(st.integers(0, len(bits) - 1), min_size=1, max_size=3, unique=True))
    changed = message.copy()
    changed[wrong] ^= 1
    assert not np.array_equal(checksum(message), checksum(changed))


def test_nothing_but_zeros_has_a_checksum_too() -> None:
    assert checksum(np.zeros(52, np.uint8)).any()


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**40 - 1))
def test_bits_and_numbers_are_the_same(number: int) -> None:
    bits = to_bits(number, 40)
    assert bits.dtype == np.uint8
    assert to_number(bits) == number
    assert "".join(map(str, bits)) == format(number, "040b")
