from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.errors import ImageError, UsageError
from unfind.images.resize import reduced, scale, to_size, to_square


def triangle(line: np.ndarray, size: int) -> np.ndarray:
    """Resample one line with the widened triangle filter, pixel by pixel."""
    step = len(line) / size
    radius = max(1.0, step)
    result = []
    for target in range(size):
        centre = (target + 0.5) * step
        weights = np.array([max(0.0, 1 - abs((source + 0.5 - centre) / radius)) for source in range(len(line))])
        result.append(weights @ line / weights.sum())
    return np.array(result)


@pytest.mark.parametrize(("height", "width", "size"), [(40, 60, 7), (5, 9, 12), (16, 16, 16), (1, 1, 4)])
def test_to_square_is_the_antialiased_triangle_filter(height: int, width: int, size: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    rows = np.stack([[triangle(pixels[y, :, c], size) for y in range(height)] for c in range(3)], axis=-1)
    slow = np.stack([[triangle(rows[:, x, c], size) for x in range(size)] for c in range(3)], axis=-1)
    slow = slow.transpose(1, 0, 2)
    # One step for the rounding between the two passes, half a step for the last one.
    assert np.abs(to_square(pixels, size) - slow).max() <= 1.5


def test_a_fine_chequerboard_becomes_grey_and_not_a_pattern() -> None:
    board = np.indices((512, 512)).sum(axis=0) % 2 * 255
    small = to_square(np.repeat(board[:, :, None], 3, axis=2).astype(np.uint8), 32)
    assert small.min() >= 126
    assert small.max() <= 129


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 40), st.integers(0, 255))
@settings(deadline=None, max_examples=60)
def test_a_plain_picture_stays_plain(height: int, width: int, size: int, value: int) -> None:
    result = to_square(np.full((height, width, 3), value, np.uint8), size)
    assert result.shape == (size, size, 3)
    assert result.dtype == np.uint8
    assert (result == value).all()


@pytest.mark.parametrize(("factor", "shape"), [(0.5, (24, 32)), (0.75, (36, 48)), (1.5, (72, 96)), (1e-6, (1, 1))])
def test_scale_changes_both_sides(factor: float, shape: tuple[int, int], scene: Callable[..., np.ndarray]) -> None:
    assert scale(scene(48, 64), factor).shape == (*shape, 3)


def test_scaling_up_and_back_gives_nearly_the_same(
    scene: Callable[..., np.ndarray], psnr: Callable[[np.ndarray, np.ndarray], float]
) -> None:
    assert psnr(scale(scale(scene(), 2.0), 0.5), scene()) > 35


def test_nothing_changes_at_the_same_size(scene: Callable[..., np.ndarray]) -> None:
    np.testing.assert_array_equal(to_square(scene(32, 32), 32), scene(32, 32))
    np.testing.assert_array_equal(scale(scene(), 1.0), scene())


def test_resizing_gives_the_same_bytes_each_time_and_leaves_its_input_alone(
    scene: Callable[..., np.ndarray],
) -> None:
    pixels = scene(300, 200)
    before = pixels.copy()
    assert to_square(pixels, 64).tobytes() == to_square(pixels.copy(), 64).tobytes()
    np.testing.assert_array_equal(pixels, before)


def test_views_with_any_strides_are_taken(scene: Callable[..., np.ndarray]) -> None:
    pixels = scene()
    np.testing.assert_array_equal(to_square(pixels[:, ::-1], 16), to_square(pixels[:, ::-1].copy(), 16))


@pytest.mark.parametrize("size", [0, -3])
def test_a_size_below_one_is_wrong_use(size: int, scene: Callable[..., np.ndarray]) -> None:
    with pytest.raises(UsageError, match="at least 1 pixel"):
        to_square(scene(), size)


@pytest.mark.parametrize("factor", [0.0, -1.0, float("nan"), float("inf")])
def test_a_factor_that_is_no_scale_is_wrong_use(factor: float, scene: Callable[..., np.ndarray]) -> None:
    with pytest.raises(UsageError, match="factor"):
        scale(scene(), factor)


def test_pixels_that_are_not_rgb_are_refused() -> None:
    with pytest.raises(ImageError, match="uint8"):
        to_size(np.zeros((4, 4)), width=2, height=2)  # type: ignore[arg-type]


@given(height=st.integers(1, 40), width=st.integers(1, 40), at_least=st.integers(1, 12), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_reduced_takes_the_mean_of_each_block(height: int, width: int, at_least: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    small = reduced(pixels, at_least)
    for before, after in zip((height, width), small.shape, strict=False):
        assert after == before if before < 2 * at_least else at_least <= after < 2 * at_least
    rows, columns, _ = small.shape
    for y in range(rows):
        for x in range(columns):
            block = pixels[
                y * height // rows : (y + 1) * height // rows, x * width // columns : (x + 1) * width // columns
            ]
            assert np.abs(small[y, x] - block.reshape(-1, 3).mean(0)).max() <= 0.5


def test_reduced_leaves_what_is_small_enough_untouched() -> None:
    pixels = np.zeros((511, 20, 3), np.uint8)
    assert reduced(pixels, 256) is pixels


def test_reduced_refuses_what_makes_no_sense() -> None:
    with pytest.raises(UsageError, match="at least 1 pixel"):
        reduced(np.zeros((4, 4, 3), np.uint8), 0)
    with pytest.raises(ImageError, match="RGB pixels"):
        reduced(np.zeros((4, 4), np.uint8), 2)
