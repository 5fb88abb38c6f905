from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from unfind.datasets.rephotograph import _encoded, _framing, _homography, _linear, rephotograph
from unfind.errors import UsageError


def scene(seed: int, height: int = 96, width: int = 120) -> NDArray[np.uint8]:
    """Coloured blocks: a scene that differs from every other one."""
    blocks = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(blocks).resize((width, height), Image.Resampling.BICUBIC))


def thumbnail(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    small = np.asarray(Image.fromarray(pixels).resize((8, 8), Image.Resampling.BOX), float).ravel()
    return (small - small.mean()) / small.std()


@settings(deadline=None, max_examples=40)
@given(st.integers(16, 90), st.integers(16, 90), st.integers(16, 70), st.integers(0, 2**32))
def test_any_scene_gives_a_square_shot(height: int, width: int, size: int, seed: int) -> None:
    shot = rephotograph(scene(1, height, width), seed, size)
    assert (shot.shape, shot.dtype) == ((size, size, 3), np.uint8)


def test_a_seed_is_a_shot() -> None:
    one, again, other = (rephotograph(scene(1), seed, 64) for seed in (5, 5, 6))
    assert np.array_equal(one, again)
    assert np.abs(one.astype(int) - other).mean() > 5
    assert np.array_equal(rephotograph(scene(1), np.random.default_rng(5), 64), one)
    assert np.array_equal(rephotograph(scene(1), [5, 1], 64), rephotograph(scene(1), [5, 1], 64))


def test_the_scene_is_not_touched() -> None:
    pixels = scene(1)
    rephotograph(pixels, 0, 64)
    assert np.array_equal(pixels, scene(1))


def test_shots_of_a_scene_are_nearer_to_each_other_than_to_other_scenes() -> None:
    views = np.array([thumbnail(rephotograph(scene(s), 100 * s + k, 64)) for s in range(12) for k in range(6)])
    places = np.repeat(np.arange(12), 6)
    likeness = views @ views.T
    same = (places[:, None] == places) & ~np.eye(72, dtype=bool)
    assert likeness[same].mean() > likeness[places[:, None] != places].mean() + 25


def test_shots_are_not_copies() -> None:
    shots = [rephotograph(scene(3), k, 64).astype(float) for k in range(8)]
    apart = [np.abs(a - b).mean() for i, a in enumerate(shots) for b in shots[:i]]
    assert min(apart) > 5


@pytest.mark.parametrize("seed", range(20))
def test_the_frame_stays_inside_the_scene_and_shows_enough_of_it(seed: int) -> None:
    corners = _framing((160, 120), np.random.default_rng(seed))
    assert corners.min() >= 0
    assert corners[:, 0].max() <= 159
    assert corners[:, 1].max() <= 119
    x, y = corners.T
    area = 0.5 * abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))
    assert area > 0.15 * 120**2


def test_homography_takes_the_corners_of_the_shot_to_the_frame() -> None:
    frame = np.array([[3.0, 4.0], [90.0, 9.0], [85.0, 70.0], [6.0, 77.0]])
    a, b, c, d, e, f, g, h = _homography(frame, 50)
    for (x, y), (u, v) in zip([(0, 0), (50, 0), (50, 50), (0, 50)], frame, strict=True):
        scale = g * x + h * y + 1
        assert ((a * x + b * y + c) / scale, (d * x + e * y + f) / scale) == pytest.approx((u, v))


def test_every_byte_survives_light_and_back() -> None:
    ramp = np.arange(256, dtype=np.uint8)
    assert np.array_equal(_encoded(_linear(np.float32(ramp) / np.float32(255))), ramp)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((32, 32), np.uint8),
        np.zeros((32, 32, 4), np.uint8),
        np.zeros((32, 32, 3), np.float32),
        np.zeros((0, 32, 3), np.uint8),
        np.zeros((15, 32, 3), np.uint8),
    ],
)
def test_what_is_no_scene_is_refused(pixels: NDArray[np.uint8]) -> None:
    with pytest.raises(UsageError, match="a scene must be uint8"):
        rephotograph(pixels, 0, 64)


def test_a_tiny_shot_is_refused() -> None:
    with pytest.raises(UsageError, match="at least 16 pixels, not 15"):
        rephotograph(scene(1), 0, 15)
