from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.defences.base import CleanPhotos
from unfind.defences.quantise import Quantise, rounded_weights
from unfind.models.embed import embed_pixels
from unfind.models.encoder import Encoder


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 16), st.integers(0, 1000), st.floats(1e-6, 1e4))
def test_rounding_errs_by_half_a_step_and_keeps_the_largest(bits: int, seed: int, scale: float) -> None:
    weights = scale * torch.randn(5, 3, 2, 2, generator=torch.Generator().manual_seed(seed))
    rounded = rounded_weights(weights, bits)
    largest = weights.flatten(1).abs().amax(1)
    step = largest / (2 ** (bits - 1) - 1)
    error = (rounded - weights).flatten(1).abs().amax(1)
    assert bool((error <= 0.5 * step * (1 + 1e-4)).all())
    assert torch.allclose(rounded.flatten(1).abs().amax(1), largest, rtol=1e-5)


@pytest.mark.parametrize("bits", [2, 3, 8])
def test_no_more_values_than_the_bits_can_name(bits: int) -> None:
    weights = torch.randn(2, 4000, generator=torch.Generator().manual_seed(0))
    for row in rounded_weights(weights, bits):
        assert len(torch.unique(row)) <= 2**bits - 1


def test_a_channel_of_zeros_stays_zero() -> None:
    weights = torch.stack([torch.zeros(4), torch.ones(4)])
    assert torch.equal(rounded_weights(weights, 8), weights)


def test_int8_hardly_moves_an_embedding_and_two_bits_do(encoder: Encoder, photos: CleanPhotos) -> None:
    before = embed_pixels(encoder, photos.pixels)
    cosines = {
        bits: float((embed_pixels(Quantise(bits=bits)(encoder, photos), photos.pixels) * before).sum(1).min())
        for bits in (8, 2)
    }
    assert cosines[8] > 0.99 > cosines[2]


def test_every_convolution_and_the_head_are_rounded(encoder: Encoder, photos: CleanPhotos) -> None:
    rounded = Quantise(bits=3)(encoder, photos)
    for (name, module), original in zip(rounded.named_modules(), encoder.modules(), strict=True):
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            assert not torch.equal(module.weight, original.weight), name
            counts = [len(np.unique(row.numpy())) for row in module.weight.detach().flatten(1)]
            assert max(counts) <= 7
