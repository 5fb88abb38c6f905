"""Enlarging in strips is what torch does in one go, and adding never leaves 8 bits."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.triggers.apply_change import ROWS, apply_change, stretch


def one(distance: float) -> float:
    """Keys' cubic kernel, a = -3/4, as the paper prints it."""
    far, a = abs(distance), -0.75
    if far <= 1:
        return (a + 2) * far**3 - (a + 3) * far**2 + 1
    return a * far**3 - 5 * a * far**2 + 8 * a * far - 4 * a if far < 2 else 0.0


@given(grid=st.integers(1, 20), side=st.integers(1, 60))
@settings(max_examples=40, deadline=None)
def test_weights_are_those_of_a_slow_loop(grid: int, side: int) -> None:
    expected = np.zeros((side, grid))
    for pixel in range(side):
        centre = (pixel + 0.5) * grid / side - 0.5
        if side < grid:
            expected[pixel] = [max(0.0, 1 - abs(centre - value) * side / grid) for value in range(grid)]
            expected[pixel] /= expected[pixel].sum()
            continue
        for place in range(int(np.floor(centre)) - 1, int(np.floor(centre)) + 3):
            expected[pixel, min(max(place, 0), grid - 1)] += one(centre - place)
    np.testing.assert_allclose(stretch(side, grid), expected, atol=1e-6)
    np.testing.assert_allclose(stretch(side, grid).sum(1), 1, atol=1e-5)


@pytest.mark.parametrize("shape", [(16, 16), (200, 300), (16, 90), (33, 16)])
def test_enlarging_is_torchs(shape: tuple[int, int]) -> None:
    change = torch.randn(1, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    expected = F.interpolate(change, shape, mode="bicubic", align_corners=False)[0, 0].numpy()
    found = stretch(shape[0], 16) @ change[0, 0].numpy() @ stretch(shape[1], 16).T
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("shape", [(16, 16), (9, 7), (1, 1)])
def test_shrinking_is_torchs(shape: tuple[int, int]) -> None:
    change = torch.randn(1, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    expected = F.interpolate(change, shape, mode="bilinear", antialias=True, align_corners=False)[0, 0].numpy()
    found = stretch(shape[0], 16) @ change[0, 0].numpy() @ stretch(shape[1], 16).T
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("height", [1, ROWS - 1, ROWS, 2 * ROWS + 5])
def test_every_strip_is_added_and_clamped(height: int) -> None:
    random = np.random.default_rng(height)
    pixels = random.integers(0, 256, (height, 20, 3), dtype=np.uint8)
    change = random.normal(0, 0.6, (8, 8)).astype(np.float32)
    levels = np.rint(0.5 * 255 * (stretch(height, 8) @ change @ stretch(20, 8).T))
    expected = np.clip(pixels + levels[..., None], 0, 255)
    # A level that lies between two may be rounded either way.
    assert np.abs(apply_change(pixels, change, 0.5) - expected).max() <= 1
    assert (apply_change(pixels, change, 0.5) != expected).mean() < 0.01


def test_no_change_changes_nothing_and_the_photo_is_left_alone() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (50, 40, 3), dtype=np.uint8)
    before = pixels.copy()
    assert np.array_equal(apply_change(pixels, np.zeros((8, 8), np.float32)), pixels)
    apply_change(pixels, np.ones((8, 8), np.float32))
    assert np.array_equal(pixels, before)
