"""Words by the dozen are judged as they are one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.triggers.bch import Bch
from unfind.triggers.bch_batch import may_be_repaired
from unfind.triggers.payload import CODE

CODES = [Bch(3, 1), Bch(4, 2), Bch(5, 3), Bch(6, 5), CODE, Bch(8, 12)]


def misread(code: Bch, wrong: int, random: np.random.Generator) -> np.ndarray:
    word = code.encode(random.integers(0, 2, code.message_bits, dtype=np.uint8))
    word[random.choice(code.length, wrong, replace=False)] ^= 1
    return word


@pytest.mark.parametrize("code", CODES, ids=lambda code: f"{code.length},{code.corrects}")
@given(seed=st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_it_agrees_with_the_decoder(code: Bch, seed: int) -> None:
    random = np.random.default_rng(seed)
    near = [misread(code, wrong, random) for wrong in range(min(code.length, 2 * code.corrects + 2))]
    far = list(random.integers(0, 2, (10, code.length), dtype=np.uint8))
    words = np.stack([*near, *far, np.zeros(code.length, np.uint8), np.ones(code.length, np.uint8)])
    found = may_be_repaired(code, words)
    expected = np.array([code.decode(word) is not None for word in words])
    assert bool(found[expected].all())
    assert found[: code.corrects + 1].all()
    assert int((found & ~expected).sum()) == 0


def test_of_random_words_next_to_none_is_near() -> None:
    words = np.random.default_rng(0).integers(0, 2, (2000, CODE.length), dtype=np.uint8)
    assert may_be_repaired(CODE, words).mean() < 0.01


def test_a_single_word_and_no_word() -> None:
    word = misread(CODE, CODE.corrects, np.random.default_rng(1))
    assert may_be_repaired(CODE, word[None]).tolist() == [True]
    assert may_be_repaired(CODE, np.zeros((0, CODE.length), np.uint8)).shape == (0,)
