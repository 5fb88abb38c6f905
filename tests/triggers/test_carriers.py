from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.errors import UsageError
from unfind.triggers.carriers import Carriers, draw_carriers
from unfind.triggers.key import Key

SIZES = [(64, 64), (61, 200), (150, 90), (400, 300)]


def slow_pattern(carriers: Carriers, height: int, width: int) -> list[list[float]]:
    """Every wave at every pixel centre, one after the other."""
    rows = []
    for y in range(height):
        row = []
        for x in range(width):
            total = 0.0
            for (u, v), phase in zip(carriers.frequencies.tolist(), carriers.phases.tolist(), strict=True):
                total += math.cos(2 * math.pi * (u * (x + 0.5) / width + v * (y + 0.5) / height) + phase)
            row.append(total * math.sqrt(2 / len(carriers.phases)))
        rows.append(row)
    return rows


@pytest.mark.parametrize(("height", "width"), [(1, 1), (8, 13), (20, 5)])
@pytest.mark.parametrize("count", [1, 7])
def test_the_pattern_is_the_sum_of_its_waves(height: int, width: int, count: int, key: Key) -> None:
    carriers = draw_carriers(key, count=count, lowest=2, highest=6)
    pattern = carriers.pattern(height, width)
    assert (pattern.shape, pattern.dtype) == ((height, width), torch.float32)
    np.testing.assert_allclose(pattern.numpy(), slow_pattern(carriers, height, width), atol=2e-5)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_the_pattern_has_unit_mean_square_and_no_mean(height: int, width: int, key: Key) -> None:
    pattern = draw_carriers(key, count=48, lowest=14, highest=30).pattern(height, width)
    assert float(pattern.square().mean()) == pytest.approx(1, abs=1e-4)
    assert float(pattern.mean()) == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_the_spectrum_of_the_pattern_gives_the_phases_back(height: int, width: int, key: Key) -> None:
    carriers = draw_carriers(key, count=48, lowest=14, highest=30)
    components = carriers.spectrum(carriers.pattern(height, width).numpy())
    assert np.abs(np.exp(1j * np.angle(components)) - np.exp(1j * carriers.phases)).max() < 1e-3
    amplitude = height * width * math.sqrt(2 / 48) / 2
    np.testing.assert_allclose(np.abs(components), amplitude, rtol=1e-3)


def test_the_spectrum_is_that_of_a_fourier_transform(key: Key) -> None:
    image = torch.rand(80, 96, generator=torch.Generator().manual_seed(0))
    carriers = draw_carriers(key, count=20, lowest=3, highest=12)
    transform = np.fft.fft2(image.numpy())
    u, v = carriers.frequencies.T
    # The transform counts from pixel corners, the carriers from pixel centres.
    expected = transform[v, u] * np.exp(-1j * np.pi * (u / 96 + v / 80))
    np.testing.assert_allclose(carriers.spectrum(image.numpy()), expected, rtol=1e-3, atol=1e-2)


def test_a_photo_without_the_pattern_has_other_phases(key: Key) -> None:
    carriers, others = (draw_carriers(one, count=48, lowest=14, highest=30) for one in (key, Key.from_seed(2)))
    components = carriers.spectrum(others.pattern(128, 128).numpy())
    assert abs(float(np.cos(np.angle(components) - carriers.phases).mean())) < 0.5


def test_carriers_belong_to_their_key(key: Key) -> None:
    mine, again, others = (draw_carriers(one, count=30, lowest=10, highest=20) for one in (key, key, Key.from_seed(2)))
    np.testing.assert_array_equal(mine.frequencies, again.frequencies)
    np.testing.assert_array_equal(mine.phases, again.phases)
    assert not np.array_equal(mine.frequencies, others.frequencies)
    assert not np.allclose(mine.phases, others.phases)


def test_phases_are_spread_over_the_whole_circle() -> None:
    drawn = [draw_carriers(Key.from_seed(seed), count=48, lowest=14, highest=30).phases for seed in range(50)]
    counts, _ = np.histogram(np.concatenate(drawn), bins=8, range=(0, 2 * np.pi))
    assert counts.sum() == 50 * 48
    assert counts.min() > 0.8 * 300
    assert counts.max() < 1.2 * 300


@settings(deadline=None, max_examples=60)
@given(lowest=st.integers(1, 20), wider=st.integers(0, 10), count=st.integers(-1, 1200), seed=st.integers(0, 5))
def test_carriers_fill_the_ring_without_repeats_or_are_refused(lowest: int, wider: int, count: int, seed: int) -> None:
    highest = lowest + wider
    reach = range(-highest, highest + 1)
    half_plane = [(u, v) for u in reach for v in reach if v > 0 or (v == 0 and u > 0)]
    ring = {(u, v) for u, v in half_plane if lowest <= math.hypot(u, v) <= highest}
    if not 0 < count <= len(ring):
        with pytest.raises(UsageError, match=f"1 to {len(ring)} carriers"):
            draw_carriers(Key.from_seed(seed), count=count, lowest=lowest, highest=highest)
        return
    carriers = draw_carriers(Key.from_seed(seed), count=count, lowest=lowest, highest=highest)
    drawn = {(int(u), int(v)) for u, v in carriers.frequencies}
    assert len(drawn) == len(carriers.phases) == count
    assert drawn <= ring
    assert bool(((carriers.phases >= 0) & (carriers.phases < 2 * np.pi)).all())
