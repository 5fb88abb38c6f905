"""Doubtful bits are tried both ways, sure ones are believed."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.triggers.payload import CODE, Payload
from unfind.triggers.soft_reading import DOUBTFUL, TRIALS, _ways, read_word

PAYLOAD = Payload(77, 0xDEADBEEF)


def heard(wrong: int, doubtful: int, seed: int) -> np.ndarray:
    """Evidence in which some bits are wrong, and of these some hardly believed."""
    random = np.random.default_rng(seed)
    evidence = (2.0 * PAYLOAD.to_word() - 1) * random.uniform(1, 2, CODE.length)
    places = random.permutation(CODE.length)
    evidence[places[:wrong]] *= -1
    evidence[places[:doubtful]] *= 0.01
    # The other doubts are idle ones: those bits are right.
    evidence[places[wrong : wrong + DOUBTFUL - doubtful]] *= 0.02
    return evidence.astype(np.float32)


def test_all_ways_are_tried_once_fewest_first() -> None:
    ways = _ways()
    assert len({tuple(way) for way in ways}) == TRIALS
    assert np.all(np.diff(ways.sum(1).astype(int)) >= 0)
    assert not ways[0].any()


@settings(deadline=None, max_examples=20)
@given(st.integers(0, CODE.corrects), st.integers(0, 2**32 - 1))
def test_as_many_wrong_bits_as_the_code_repairs_are_repaired(wrong: int, seed: int) -> None:
    reading = read_word(heard(wrong, 0, seed))
    assert reading is not None
    assert reading.payload == PAYLOAD
    assert reading.repaired == wrong


def test_more_are_repaired_where_they_were_in_doubt() -> None:
    for extra in (1, DOUBTFUL):
        reading = read_word(heard(CODE.corrects + extra, DOUBTFUL, extra))
        assert reading is not None
        assert (reading.payload, reading.repaired) == (PAYLOAD, CODE.corrects + extra)


def test_more_that_were_sure_are_not() -> None:
    assert read_word(heard(CODE.corrects + 1, 0, 0)) is None
    assert read_word(heard(CODE.corrects + DOUBTFUL + 1, DOUBTFUL, 0)) is None


def test_silence_says_nothing() -> None:
    assert read_word(np.zeros(CODE.length, np.float32)) is None
