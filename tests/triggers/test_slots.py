"""Who holds the key reads and writes; who does not hears noise."""

from __future__ import annotations

import numpy as np
import pytest

from unfind.triggers.key import Key
from unfind.triggers.payload import CODE, Payload
from unfind.triggers.slots import BEACON, SLOTS, Slots
from unfind.triggers.soft_reading import read_word

PINNED_ORDER = [64, 153, 53, 95, 20, 82]
PINNED_SIGNS = [1, 1, -1, -1, -1, 1]


def test_every_slot_carries_one_bit() -> None:
    slots = Slots.of(Key.from_seed(1))
    assert sorted(slots.order) == list(range(SLOTS))
    assert set(slots.turned) == {-1, 1}
    assert CODE.length + BEACON == SLOTS


def test_what_is_written_is_read_by_the_same_key() -> None:
    payload = Payload(3, 2**31 + 5)
    for seed in range(5):
        slots = Slots.of(Key.from_seed(seed))
        signs = slots.write(payload)
        assert set(signs) == {-1, 1}
        assert slots.beacon(signs) == 1
        reading = read_word(slots.word(signs))
        assert reading is not None
        assert (reading.payload, reading.repaired) == (payload, 0)


def test_a_key_always_writes_in_the_same_way() -> None:
    key = Key.from_seed(9)
    np.testing.assert_array_equal(Slots.of(key).write(Payload(1, 2)), Slots.of(Key(key.secret)).write(Payload(1, 2)))
    # Marks that exist must be readable for ever: these are the first slots and signs of a public key.
    assert Slots.of(Key.from_seed(1)).order[:6].tolist() == PINNED_ORDER
    assert Slots.of(Key.from_seed(1)).turned[:6].tolist() == PINNED_SIGNS


@pytest.mark.parametrize("seed", range(4))
def test_another_key_reads_nothing(seed: int) -> None:
    mine, theirs = Slots.of(Key.from_seed(100 + seed)), Slots.of(Key.from_seed(200 + seed))
    signs = mine.write(Payload(7, 123456))
    assert read_word(theirs.word(signs)) is None
    assert abs(theirs.beacon(signs)) < 0.7


def test_the_beacon_is_the_same_in_every_mark_of_a_key_and_the_rest_is_not() -> None:
    slots = Slots.of(Key.from_seed(3))
    random = np.random.default_rng(0)
    marks = np.stack([slots.write(Payload(0, int(random.integers(2**32)))) for _ in range(64)])
    constant = (marks == marks[0]).all(0)
    assert set(slots.order[CODE.length :]) <= set(np.flatnonzero(constant))
    # Owner and version never change here; the nonce and the parity that follows from it do.
    assert (~constant).sum() >= 90


def test_over_keys_every_bit_of_a_word_is_as_likely_as_not_whatever_is_heard() -> None:
    """What the bound of false alarms rests on: heard by random keys, even silence is a random word."""
    heard = np.linspace(-1, 1, SLOTS).astype(np.float32)
    words = np.stack([Slots.of(Key.from_seed(seed)).word(heard) > 0 for seed in range(2000)]).astype(float)
    assert np.abs(words.mean(0) - 0.5).max() < 0.06  # five standard deviations
    together = np.corrcoef(words.T) - np.eye(CODE.length)
    assert np.abs(together).max() < 0.12
