"""The arithmetic of false alarms, beside counting on a code small enough to count."""

from __future__ import annotations

import math

import numpy as np
import pytest

from unfind.triggers.bch import Bch
from unfind.triggers.chance_of_reading import chance_of_reading, words_within
from unfind.triggers.detect import FALSE_ALARM
from unfind.triggers.key import Key
from unfind.triggers.payload import CODE, FREE_BITS
from unfind.triggers.read_mark import CROPS
from unfind.triggers.slots import SLOTS, Slots
from unfind.triggers.soft_reading import DOUBTFUL, TRIALS, read_word


def test_the_design_stays_below_the_promise_at_every_number_of_repaired_bits() -> None:
    for repaired in range(CODE.corrects + DOUBTFUL + 1):
        assert chance_of_reading(repaired, len(CROPS)) < FALSE_ALARM


def test_the_arithmetic_of_the_docstring() -> None:
    assert math.log2(2.0**FREE_BITS * words_within(10) / 2.0**127) == pytest.approx(-31.3, abs=0.1)
    assert chance_of_reading(10) == 2.0**FREE_BITS * words_within(10) / 2.0**127
    assert math.log2(chance_of_reading(11)) == pytest.approx(-28.0, abs=0.5)
    assert math.log2(chance_of_reading(16)) == pytest.approx(-25.3, abs=0.1)
    assert chance_of_reading(10, 3) == pytest.approx(3 * chance_of_reading(10))
    assert chance_of_reading(0) == 2.0 ** (48 - 127)


def test_words_within_a_distance_are_counted() -> None:
    slow = sum(1 for number in range(2**10) if bin(number).count("1") <= 3)
    assert sum(math.comb(10, wrong) for wrong in range(4)) == slow
    assert words_within(0) == 1
    assert words_within(1) == 128
    assert words_within(127) == words_within(500) == 2**127


def test_more_repaired_bits_are_never_less_likely() -> None:
    chances = [chance_of_reading(repaired) for repaired in range(40)]
    assert chances == sorted(chances)
    assert max(chances) < 1


def test_random_words_are_read_as_often_as_the_formula_says() -> None:
    """The same formula for a code of 15 bits, of whose 7 message bits 3 must be zero, beside 20,000 random words."""
    code, free, random = Bch(4, 1), 8, np.random.default_rng(0)
    expected = 2**free * sum(math.comb(15, wrong) for wrong in range(2)) / 2**15
    read = 0
    for word in random.integers(0, 2, (20_000, 15)).astype(np.uint8):
        found = code.decode(word)
        read += found is not None and not found[0][:3].any()
    # The chance is 0.125; four standard deviations of the count.
    assert read / 20_000 == pytest.approx(expected, abs=4 * math.sqrt(expected / 20_000))


def test_turning_doubtful_bits_reads_no_more_than_the_sum_over_all_turns() -> None:
    """The union bound, for the same small code with two doubtful bits tried both ways."""
    code, random = Bch(4, 1), np.random.default_rng(1)
    one_try, read = 2**6 * 16 / 2**15, 0
    for word in random.integers(0, 2, (8_000, 15)).astype(np.uint8):
        for turned in ((0, 0), (0, 1), (1, 0), (1, 1)):
            tried = word.copy()
            tried[[3, 9]] ^= np.array(turned, np.uint8)
            found = code.decode(tried)
            if found is not None and not found[0][:5].any():
                read += 1
                break
    assert one_try / 2 < read / 8_000 <= 4 * one_try


def test_no_key_reads_what_it_did_not_write() -> None:
    random = np.random.default_rng(2)
    for seed in range(12):
        evidence = random.normal(size=SLOTS).astype(np.float32)
        assert read_word(Slots.of(Key.from_seed(seed)).word(evidence)) is None
    assert TRIALS == 64
