from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from unfind.errors import UsageError
from unfind.models.embed import to_tensor
from unfind.triggers.key import Key
from unfind.triggers.spread_spectrum import (
    CONTRAST_GRID,
    SpreadSpectrum,
    heard,
    loudness_of,
    luma,
)
from unfind.triggers.strength import MAXIMUM_STRENGTH

Pixels = NDArray[np.uint8]
Scene = Callable[..., Pixels]
Measure = Callable[[Pixels, Pixels], float]


def slow_window_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of the 9 x 9 neighbours of each place; beyond the border stands the border."""
    height, width = values.shape
    means = np.zeros_like(values)
    for y in range(height):
        for x in range(width):
            total = 0.0
            for dy in range(-4, 5):
                for dx in range(-4, 5):
                    total += values[min(max(y + dy, 0), height - 1), min(max(x + dx, 0), width - 1)]
            means[y, x] = total / 81
    return means


def slow_luma(pixels: Pixels) -> NDArray[np.float64]:
    grey: NDArray[np.float64] = (0.299 * pixels[..., 0] + 0.587 * pixels[..., 1] + 0.114 * pixels[..., 2]) / 255
    return grey


def slow_loudness(grey: NDArray[np.float64]) -> NDArray[np.float64]:
    deviation = np.abs(grey - slow_window_mean(grey))
    return np.minimum(0.012 + 0.25 * slow_window_mean(deviation), 0.06)


def test_luma_is_that_of_bt_601(scene: Scene) -> None:
    pixels = np.stack([scene(20, 31, seed=seed) for seed in range(3)])
    grey = luma(to_tensor(pixels))
    assert grey.shape == (3, 1, 20, 31)
    for image, found in zip(pixels, grey, strict=True):
        np.testing.assert_allclose(found[0].numpy(), slow_luma(image), atol=1e-6)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 12), (18, 14)])
def test_loudness_follows_the_formula(height: int, width: int, scene: Scene) -> None:
    pixels = scene(height, width)
    found = loudness_of(to_tensor(pixels[None]))[0, 0]
    np.testing.assert_allclose(found.numpy(), slow_loudness(slow_luma(pixels)), atol=1e-6)


def test_a_detector_hears_fine_detail_by_its_loudness(scene: Scene) -> None:
    pixels = scene(15, 17)
    grey = slow_luma(pixels)
    expected = np.tanh((grey - slow_window_mean(grey)) / (2 * 0.7 * slow_loudness(grey)))
    np.testing.assert_allclose(heard(to_tensor(pixels[None]), 0.7)[0, 0].numpy(), expected, atol=1e-4)


def test_contrast_is_measured_on_one_grid_whatever_the_size(scene: Scene) -> None:
    large = to_tensor(scene(512, 512)[None])
    for measured in (loudness_of, lambda images: heard(images, 1.0)):
        found = measured(large)
        assert found.shape[-2:] == (CONTRAST_GRID, CONTRAST_GRID)
        torch.testing.assert_close(found, measured(F.avg_pool2d(large, 4)), rtol=0, atol=1e-4)
    assert loudness_of(to_tensor(scene(60, 300)[None])).shape[-2:] == (60, CONTRAST_GRID)


@pytest.mark.parametrize(("strength", "decibels"), [(0.25, 45.7), (0.5, 39.8), (1.0, 33.9), (2.0, 28.0)])
def test_each_halving_of_the_strength_is_6_decibels(
    strength: float, decibels: float, key: Key, scene: Scene, psnr: Measure
) -> None:
    trigger = SpreadSpectrum(key, strength=strength)
    for seed in range(3):
        pixels = scene(seed=seed)
        assert psnr(pixels, trigger.mark(pixels)) == pytest.approx(decibels, abs=0.7)


def test_on_noise_the_mark_is_as_loud_as_it_gets(key: Key, psnr: Measure) -> None:
    """A deviation of 0.06, which is 24.4 dB."""
    noise = np.random.default_rng(0).choice(np.array([70, 185], np.uint8), (128, 128, 1)).repeat(3, axis=2)
    assert psnr(noise, SpreadSpectrum(key).mark(noise)) == pytest.approx(-20 * math.log10(0.06), abs=0.3)


def test_the_mark_is_quieter_where_the_photo_is_flat(key: Key, scene: Scene) -> None:
    pixels = scene(128, 128)
    pixels[:, :64] = 128
    change = SpreadSpectrum(key).mark(pixels).astype(float) - pixels
    flat, busy = change[:, :56].std(), change[:, 72:].std()
    assert flat == pytest.approx(0.012 * 255, rel=0.15)
    assert busy > 1.5 * flat


def test_on_a_flat_photo_the_mark_is_the_pattern(key: Key) -> None:
    trigger = SpreadSpectrum(key, strength=2)
    grey = torch.full((1, 3, 70, 90), 0.5)
    expected = 0.5 + 2 * 0.012 * trigger.waves.pattern(70, 90)
    torch.testing.assert_close(trigger(grey), expected.expand(1, 3, 70, 90), rtol=0, atol=1e-6)


def test_the_loudness_of_a_large_photo_is_interpolated_between_grid_centres(key: Key) -> None:
    """A photo that varies from left to right only, so that one row of the grid tells all."""
    columns = torch.full((256,), 0.5)
    columns[128:] += 0.1 * torch.randn(128, generator=torch.Generator().manual_seed(0)).clamp(-2, 2)
    images = columns.expand(1, 3, 256, 256)
    trigger = SpreadSpectrum(key)
    grid, pixels = (np.arange(CONTRAST_GRID) + 0.5) / CONTRAST_GRID, (np.arange(256) + 0.5) / 256
    loudness = np.interp(pixels, grid, loudness_of(images)[0, 0, 0].numpy())
    expected = columns.numpy() + loudness * trigger.waves.pattern(256, 256).numpy()
    np.testing.assert_allclose(trigger(images)[0, 0].numpy(), expected.clip(0, 1), atol=1e-5)


@pytest.mark.parametrize(("factor", "strength"), [(1.0, 0.8), (2.5, 2.0), (0.5, 0.4), (100.0, MAXIMUM_STRENGTH)])
def test_a_stronger_mark_is_that_of_the_greater_strength(factor: float, strength: float, key: Key) -> None:
    trigger = SpreadSpectrum(key, strength=0.8)
    images = torch.rand(2, 3, 40, 40, generator=torch.Generator().manual_seed(0))
    stronger = trigger.stronger(factor)
    assert stronger.strength == pytest.approx(strength)
    assert torch.equal(stronger(images), SpreadSpectrum(key, strength=stronger.strength)(images))
    assert trigger.strength == 0.8


def test_the_pattern_of_one_size_is_made_once_and_shared_with_stronger_copies(
    key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    trigger = SpreadSpectrum(key)
    made: list[tuple[int, int]] = []
    pattern = type(trigger.waves).pattern

    def counted(waves: Any, height: int, width: int) -> Any:
        made.append((height, width))
        return pattern(waves, height, width)

    monkeypatch.setattr(type(trigger.waves), "pattern", counted)
    for factor in (2.0, 1.5, 1.0):
        trigger.stronger(factor)(torch.zeros(1, 3, 30, 40))
    trigger(torch.zeros(1, 3, 30, 40))
    assert made == [(30, 40)]
    trigger(torch.zeros(1, 3, 40, 30))
    trigger(torch.zeros(1, 3, 30, 40))
    assert made == [(30, 40), (40, 30), (30, 40)]


def test_marks_of_two_keys_have_nothing_in_common() -> None:
    patterns = torch.stack([SpreadSpectrum(Key.from_seed(seed)).waves.pattern(128, 128) for seed in range(8)])
    likeness = patterns.flatten(1) @ patterns.flatten(1).T / 128**2
    assert float((likeness - torch.eye(8)).abs().max()) < 0.25


def test_the_mark_of_a_key_never_changes() -> None:
    """Photos marked today must be known by every later version."""
    waves = SpreadSpectrum(Key.from_seed(0)).waves
    assert waves.frequencies[:4].tolist() == [[27, 3], [-22, 12], [-28, 29], [0, 31]]
    assert waves.phases[:3].tolist() == pytest.approx(
        [6.164820565987293, 2.223804247705304, 3.3682515014857417], abs=1e-12
    )


@pytest.mark.parametrize("strength", [0, -1, MAXIMUM_STRENGTH + 0.1, math.inf, math.nan])
def test_an_impossible_strength_is_refused(strength: float, key: Key) -> None:
    with pytest.raises(UsageError, match="strength above 0 and at most 8"):
        SpreadSpectrum(key, strength=strength)


@pytest.mark.parametrize(("lowest", "highest"), [(0, 20), (-3, 20), (20, 20), (30, 14), (14, 64), (1, 10**9)])
def test_an_impossible_ring_is_refused(lowest: int, highest: int, key: Key) -> None:
    with pytest.raises(UsageError, match=r"ring within 1\.\.63"):
        SpreadSpectrum(key, lowest=lowest, highest=highest)


@pytest.mark.parametrize(("carriers", "lowest", "highest"), [(0, 14, 30), (1600, 1, 30), (1000, 14, 15)])
def test_a_ring_without_room_is_refused(carriers: int, lowest: int, highest: int, key: Key) -> None:
    with pytest.raises(UsageError, match=f"got {carriers}: widen it"):
        SpreadSpectrum(key, carriers=carriers, lowest=lowest, highest=highest)
