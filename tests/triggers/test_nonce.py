"""A photo's number: always the same, and another one for another photo or key."""

from __future__ import annotations

import hashlib
import hmac

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unfind.triggers.key import Key
from unfind.triggers.nonce import SAMPLES, draw_nonce, sampled


@given(side=st.integers(1, 5000))
def test_samples_are_spread_over_the_whole_side(side: int) -> None:
    places = sampled(side)
    assert len(places) == SAMPLES
    assert places.tolist() == [int((i + 0.5) / SAMPLES * side) for i in range(SAMPLES)]
    assert 0 <= places.min() <= side / 2 / SAMPLES
    assert side - 1 - side / SAMPLES <= places.max() < side


def test_at_the_samples_own_size_every_pixel_is_looked_at() -> None:
    assert sampled(SAMPLES).tolist() == list(range(SAMPLES))


@pytest.mark.parametrize("shape", [(1, 1), (30, 300), (128, 128), (700, 500)])
def test_it_is_an_hmac_over_the_samples(shape: tuple[int, int], key: Key) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (*shape, 3), dtype=np.uint8)
    samples = bytes(pixels[y, x, c] for y in sampled(shape[0]) for x in sampled(shape[1]) for c in range(3))
    expected = hmac.new(key.derive("mark nonce"), samples, hashlib.sha256).hexdigest()[:8]
    assert draw_nonce(key, pixels) == int(expected, 16)


def test_other_photos_and_other_keys_have_other_nonces(key: Key) -> None:
    one, other = np.zeros((40, 40, 3), np.uint8), np.zeros((40, 40, 3), np.uint8)
    other[20, 20, 1] = 1
    assert len({draw_nonce(key, one), draw_nonce(key, other), draw_nonce(Key.from_seed(2), one)}) == 3
    assert draw_nonce(key, one[::-1, ::-1]) == draw_nonce(key, one)
