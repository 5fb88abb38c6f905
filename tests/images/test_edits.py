from __future__ import annotations

import inspect
from collections.abc import Callable

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from unfind.images.codec import through_codec
from unfind.images.edits import EDITS, blur, crop, messenger, noise, screenshot
from unfind.images.resize import scale

Scene = Callable[..., np.ndarray]
Psnr = Callable[[np.ndarray, np.ndarray], float]

NAMES = [
    *("jpeg95", "jpeg85", "jpeg75", "jpeg50", "resize0.5", "resize0.75", "resize1.5"),
    *("crop10", "blur", "noise", "jpeg75+resize0.75", "messenger", "screenshot"),
]


def test_the_edits_are_those_the_measuring_rules_name() -> None:
    assert list(EDITS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_an_edit_is_pure_and_always_the_same(name: str, scene: Scene) -> None:
    pixels = scene(60, 80)
    before = pixels.copy()
    first, second = EDITS[name](pixels), EDITS[name](before)
    assert first.dtype == np.uint8
    assert first.shape[2:] == (3,)
    assert first.tobytes() == second.tobytes()
    np.testing.assert_array_equal(pixels, before)


@pytest.mark.parametrize("name", NAMES)
def test_an_edit_changes_the_picture_but_not_beyond_recognition(name: str, scene: Scene, psnr: Psnr) -> None:
    grain = np.random.default_rng(0).integers(-9, 10, (100, 120, 3))
    pixels = np.clip(scene(100, 120) + grain, 0, 255).astype(np.uint8)
    edited = EDITS[name](pixels)
    assert edited.shape != pixels.shape or (edited != pixels).any()
    height, width = pixels.shape[:2]
    rows = np.minimum(np.arange(height) * edited.shape[0] // height, edited.shape[0] - 1)
    columns = np.minimum(np.arange(width) * edited.shape[1] // width, edited.shape[1] - 1)
    assert psnr(edited[rows][:, columns], pixels) > 15


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 9, 3), (7, 1, 3), (2, 3, 3)])
def test_tiny_pictures_survive_every_edit(name: str, shape: tuple[int, ...]) -> None:
    assert EDITS[name](np.full(shape, 90, np.uint8)).size > 0


@pytest.mark.parametrize("quality", [95, 85, 75, 50])
def test_jpeg_goes_through_the_one_codec_path(quality: int, scene: Scene) -> None:
    np.testing.assert_array_equal(EDITS[f"jpeg{quality}"](scene()), through_codec([scene()], quality=quality)[0])


@pytest.mark.parametrize(
    ("name", "shape"), [("resize0.5", (24, 32)), ("resize0.75", (36, 48)), ("resize1.5", (72, 96))]
)
def test_a_resized_picture_stays_resized(name: str, shape: tuple[int, int], scene: Scene) -> None:
    assert EDITS[name](scene(48, 64)).shape == (*shape, 3)


def test_an_upload_is_compressed_first_and_made_smaller_then(scene: Scene) -> None:
    compressed = through_codec([scene(48, 64)], quality=75)[0]
    np.testing.assert_array_equal(EDITS["jpeg75+resize0.75"](scene(48, 64)), scale(compressed, 0.75))


def test_crop_cuts_a_tenth_off_each_side_from_the_middle_out() -> None:
    pixels = np.indices((40, 60)).transpose(1, 2, 0).astype(np.uint8)
    pixels = np.dstack([pixels, pixels[..., :1]])
    np.testing.assert_array_equal(EDITS["crop10"](pixels), pixels[2:38, 3:57])


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_crop_leaves_at_least_a_pixel(share: float, scene: Scene) -> None:
    cropped = crop(scene(10, 20), share)
    assert cropped.shape == (max(1, round(10 * (1 - share))), max(1, round(20 * (1 - share))), 3)


@pytest.mark.parametrize(("longest", "sigma"), [(64, 0.5), (512, 1.0), (1024, 2.0)])
def test_blur_is_a_gaussian_that_grows_with_the_picture(longest: int, sigma: float, psnr: Psnr) -> None:
    coarse = np.random.default_rng(0).integers(0, 256, (40, longest // 4, 3), dtype=np.uint8)
    pixels = coarse.repeat(4, axis=1)
    exact = gaussian_filter(pixels.astype(np.float64), (sigma, sigma, 0), mode="nearest")
    assert psnr(blur(pixels, sigma_at_512=1.0), np.rint(exact).astype(np.uint8)) > 32


def test_noise_has_the_deviation_asked_for() -> None:
    grey = np.full((200, 200, 3), 128, np.uint8)
    added = noise(grey, 4.0).astype(np.float64) - 128
    assert abs(added.mean()) < 0.1
    assert abs(added.std() - 4.0) < 0.1


def test_noise_differs_between_pictures_and_ignores_memory_layout(scene: Scene) -> None:
    one, other = np.full((50, 50, 3), 100, np.uint8), np.full((50, 50, 3), 101, np.uint8)
    assert ((noise(one, 4.0).astype(int) - 100) != (noise(other, 4.0).astype(int) - 101)).any()
    flipped = scene()[:, ::-1]
    np.testing.assert_array_equal(noise(flipped, 4.0), noise(flipped.copy(), 4.0))


def test_noise_does_not_wrap_around_at_black_and_white() -> None:
    assert noise(np.zeros((50, 50, 3), np.uint8), 4.0).max() < 60
    assert noise(np.full((50, 50, 3), 255, np.uint8), 4.0).min() > 195


def test_a_messenger_shrinks_large_photos_only(scene: Scene) -> None:
    np.testing.assert_array_equal(messenger(scene(), longest=64), through_codec([scene()], quality=70)[0])
    shrunk = messenger(scene(48, 64), longest=32)
    np.testing.assert_array_equal(shrunk, through_codec([scale(scene(48, 64), 0.5)], quality=70)[0])
    assert messenger(np.zeros((20, 3200, 3), np.uint8)).shape == (10, 1600, 3)


@pytest.mark.parametrize(("shape", "seen"), [((60, 80), (90, 120)), ((200, 400), (60, 120)), ((300, 10), (200, 7))])
def test_a_screenshot_fits_the_screen(shape: tuple[int, int], seen: tuple[int, int], scene: Scene) -> None:
    assert screenshot(scene(*shape), width=120, height=200).shape == (*seen, 3)


def test_a_screenshot_keeps_black_and_shifts_the_rest_a_little() -> None:
    grey = [screenshot(np.full((16, 16, 3), value, np.uint8), 16, 16)[8, 8].astype(int) for value in (0, 128, 255)]
    assert np.abs(grey[0]).max() <= 1
    assert 1 <= np.abs(grey[1] - 128).max() <= 12
    assert 1 <= np.abs(grey[2] - 255).max() <= 12


def test_every_edit_takes_the_pixels_alone() -> None:
    for edit in EDITS.values():
        required = [p for p in inspect.signature(edit).parameters.values() if p.default is p.empty]
        assert [p.name for p in required] == ["pixels"]
