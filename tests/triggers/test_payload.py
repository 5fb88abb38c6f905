"""What a mark says comes back whole, or not at all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.errors import UsageError
from unfind.triggers.checksum import checksum, to_bits
from unfind.triggers.payload import CODE, FREE_BITS, NONCE_BITS, OWNER_BITS, VERSION, Payload, from_message

payloads = st.builds(Payload, st.integers(0, 2**OWNER_BITS - 1), st.integers(0, 2**NONCE_BITS - 1))


def test_there_is_room_for_48_bits_and_more_than_32_of_them_for_the_photo() -> None:
    assert FREE_BITS >= 48
    assert NONCE_BITS >= 32
    assert CODE.message_bits == 4 + FREE_BITS + 12


@settings(deadline=None, max_examples=40)
@given(payloads, st.lists(st.integers(0, CODE.length - 1), max_size=CODE.corrects, unique=True))
def test_a_payload_comes_back_through_errors(payload: Payload, wrong: list[int]) -> None:
    word = payload.to_word()
    word[wrong] ^= 1
    read = CODE.decode(word)
    assert read is not None
    assert from_message(read[0]) == payload


@settings(deadline=None, max_examples=40)
@given(payloads, st.integers(0, 63))
def test_a_message_with_one_wrong_bit_says_nothing(payload: Payload, place: int) -> None:
    message = payload.to_word()[:64]
    message[place] ^= 1
    assert from_message(message) is None


def test_another_version_says_nothing_even_with_its_own_checksum() -> None:
    said = np.concatenate([to_bits(VERSION + 1, 4), to_bits(5, OWNER_BITS), to_bits(6, NONCE_BITS)])
    assert from_message(np.concatenate([said, checksum(said)])) is None
    said[:4] = to_bits(VERSION, 4)
    assert from_message(np.concatenate([said, checksum(said)])) == Payload(5, 6)


@pytest.mark.parametrize(("owner", "nonce"), [(-1, 0), (2**16, 0), (0, -1), (0, 2**32)])
def test_numbers_out_of_range_are_refused(owner: int, nonce: int) -> None:
    with pytest.raises(UsageError, match="owner" if nonce == 0 else "nonce"):
        Payload(owner, nonce)
