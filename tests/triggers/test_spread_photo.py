"""Photos from files get the plane waves that tensors get."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.models.embed import to_tensor
from unfind.triggers.key import Key
from unfind.triggers.spread_photo import CONTRAST_GRID, between, grid_luma, heard_in, loudness_on, mark_photo
from unfind.triggers.spread_spectrum import SpreadSpectrum, heard, loudness_of, luma

Scene = Callable[..., np.ndarray]
SHAPES = [(128, 128), (300, 201), (60, 400), (129, 127), (1, 1), (5, 700)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("strength", [0.5, 2.0])
def test_a_photo_is_marked_as_its_tensor_is(shape: tuple[int, int], strength: float, key: Key, scene: Scene) -> None:
    trigger, pixels = SpreadSpectrum(key, strength=strength), scene(*shape)
    wanted = (trigger(to_tensor(pixels[None]))[0] * 255).round().permute(1, 2, 0).numpy()
    difference = np.abs(mark_photo(trigger.waves, pixels, strength) - wanted)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.001  # ties, and what lies next to them


def test_nothing_leaves_8_bits(key: Key) -> None:
    for level in (0, 255):
        marked = mark_photo(SpreadSpectrum(key).waves, np.full((90, 80, 3), level, np.uint8), 8.0)
        assert marked.dtype == np.uint8
        assert 0 < np.abs(marked.astype(int) - level).max() < 200


@pytest.mark.parametrize("shape", SHAPES)
def test_means_over_cells_are_torchs(shape: tuple[int, int], scene: Scene) -> None:
    pixels = scene(*shape)
    images = to_tensor(pixels[None])
    grid = [min(CONTRAST_GRID, side) for side in shape]
    wanted = F.interpolate(luma(images), grid, mode="area")
    np.testing.assert_allclose(grid_luma(pixels), wanted[0, 0].numpy(), atol=2e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_loudness_and_what_is_heard_are_those_of_tensors(shape: tuple[int, int], scene: Scene) -> None:
    pixels = scene(*shape)
    images = to_tensor(pixels[None])
    np.testing.assert_allclose(loudness_on(grid_luma(pixels)), loudness_of(images)[0, 0].numpy(), atol=2e-6)
    np.testing.assert_allclose(heard_in(pixels, 0.7), heard(images, 0.7)[0, 0].numpy(), atol=1e-3)


def test_means_do_not_depend_on_how_a_photo_lies_in_memory(scene: Scene) -> None:
    pixels = scene(200, 150)
    turned = np.ascontiguousarray(pixels.transpose(1, 0, 2)).transpose(1, 0, 2)
    assert np.array_equal(grid_luma(pixels), grid_luma(turned))
    pixels.flags.writeable = False
    assert np.array_equal(grid_luma(pixels), grid_luma(turned))


@given(grid=st.integers(1, 20), side=st.integers(1, 60))
@settings(max_examples=40, deadline=None)
def test_weights_between_centres_are_torchs(grid: int, side: int) -> None:
    values = torch.randn(1, 1, grid, generator=torch.Generator().manual_seed(grid))
    wanted = F.interpolate(values, side, mode="linear", align_corners=False)[0, 0].numpy()
    weights = between(side, grid)
    assert weights.shape == (side, grid)
    np.testing.assert_allclose(weights @ values[0, 0].numpy(), wanted, atol=1e-5)
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-6)
