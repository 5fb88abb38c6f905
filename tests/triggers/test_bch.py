"""BCH codes: known sizes, known words, and what is repaired and what is not."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.errors import UsageError
from unfind.triggers.bch import PRIMITIVE, Bch

# Message bits as tabulated by Lin & Costello, "Error Control Coding", appendix C.
TABLE = [
    (3, 1, 4),
    (4, 1, 11),
    (4, 2, 7),
    (4, 3, 5),
    (5, 3, 16),
    (5, 5, 11),
    (6, 3, 45),
    (6, 5, 36),
    (7, 9, 71),
    (7, 10, 64),
    (7, 11, 57),
    (8, 18, 131),
]


@pytest.mark.parametrize(("degree", "corrects", "message_bits"), TABLE)
def test_a_message_is_as_long_as_the_tables_say(degree: int, corrects: int, message_bits: int) -> None:
    code = Bch(degree, corrects)
    assert (code.length, code.message_bits) == (2**degree - 1, message_bits)


@pytest.mark.parametrize("degree", PRIMITIVE)
def test_the_polynomials_are_primitive(degree: int) -> None:
    """x comes back to 1 after 2^m - 1 steps and not before: slow division, step by step."""
    element, seen = 1, []
    for _ in range(2**degree - 1):
        seen.append(element)
        element <<= 1
        if element >> degree:
            element ^= PRIMITIVE[degree]
    assert element == 1
    assert len(set(seen)) == 2**degree - 1


def test_two_words_of_a_small_code_differ_in_more_than_twice_what_is_repaired() -> None:
    code = Bch(4, 2)
    words = [code.encode(np.array(bits, np.uint8)) for bits in itertools.product((0, 1), repeat=7)]
    nearest = min(int((one != other).sum()) for one, other in itertools.combinations(words, 2))
    assert nearest == 5


def test_every_word_within_reach_is_read_as_the_nearest_and_no_other_is() -> None:
    """All 2^15 words beside a search through all 128 words of the code."""
    code = Bch(4, 2)
    messages = np.array(list(itertools.product((0, 1), repeat=7)), np.uint8)
    book = np.stack([code.encode(message) for message in messages])
    random = np.random.default_rng(0)
    for number in random.choice(2**15, 600, replace=False):
        word = (number >> np.arange(15) & 1).astype(np.uint8)
        apart = (book != word).sum(1)
        read = code.decode(word)
        if apart.min() > 2:
            assert read is None
        else:
            assert read is not None
            np.testing.assert_array_equal(read[0], messages[apart.argmin()])
            assert read[1] == apart.min()


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_errors_up_to_the_radius_are_repaired(data: st.DataObject) -> None:
    degree, corrects, message_bits = data.draw(st.sampled_from(TABLE))
    code = Bch(degree, corrects)
    bits = data.draw(st.lists(st.integers(0, 1), min_size=message_bits, max_size=message_bits))
    message = np.array(bits, np.uint8)
    wrong = data.draw(st.lists(st.integers(0, code.length - 1), max_size=corrects, unique=True))
    word = code.encode(message)
    word[wrong] ^= 1
    before = word.copy()
    read = code.decode(word)
    assert read is not None
    np.testing.assert_array_equal(read[0], message)
    assert read[1] == len(wrong)
    np.testing.assert_array_equal(word, before)


def test_a_word_begins_with_its_message() -> None:
    code = Bch(7, 10)
    message = np.random.default_rng(1).integers(0, 2, 64).astype(np.uint8)
    np.testing.assert_array_equal(code.encode(message)[:64], message)


def test_the_sum_of_two_words_is_a_word() -> None:
    code = Bch(7, 10)
    one, other = np.random.default_rng(2).integers(0, 2, (2, 64)).astype(np.uint8)
    np.testing.assert_array_equal(code.encode(one) ^ code.encode(other), code.encode(one ^ other))


def test_one_error_too_many_is_hardly_ever_read_and_never_as_what_was_written() -> None:
    code, random = Bch(7, 10), np.random.default_rng(3)
    for _ in range(40):
        message = random.integers(0, 2, 64).astype(np.uint8)
        word = code.encode(message)
        word[random.permutation(127)[:11]] ^= 1
        read = code.decode(word)
        assert read is None or not np.array_equal(read[0], message)


@pytest.mark.parametrize(("degree", "corrects"), [(2, 1), (9, 1), (7, 0), (3, 4), (7, 64)])
def test_codes_that_cannot_be_are_refused(degree: int, corrects: int) -> None:
    with pytest.raises(UsageError, match="Expected a BCH code"):
        Bch(degree, corrects)


@pytest.mark.parametrize("bits", [np.zeros(63, np.uint8), np.zeros((1, 64), np.uint8), np.full(64, 2, np.uint8)])
def test_what_is_not_a_message_is_refused(bits: np.ndarray) -> None:
    with pytest.raises(UsageError, match="message of 64 bits"):
        Bch(7, 10).encode(bits)


def test_what_is_not_a_word_is_refused() -> None:
    with pytest.raises(UsageError, match="word of 127 bits"):
        Bch(7, 10).decode(np.zeros(64, np.uint8))
