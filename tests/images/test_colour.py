from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from unfind.images.colour import as_rgb, srgb
from unfind.images.photo import Photo

Scene = Callable[..., np.ndarray]


def test_without_a_profile_the_pixels_stay(scene: Scene) -> None:
    np.testing.assert_array_equal(srgb(Photo(scene(), "jpeg")), scene())


def test_srgb_to_srgb_changes_nothing(scene: Scene, srgb_profile: bytes) -> None:
    np.testing.assert_array_equal(srgb(Photo(scene(), "jpeg", icc=srgb_profile)), scene())


def test_a_profile_is_applied(swapped_profile: bytes) -> None:
    red = np.full((4, 4, 3), (200, 40, 30), np.uint8)
    seen = srgb(Photo(red, "jpeg", icc=swapped_profile))
    assert np.abs(seen.astype(int) - (30, 40, 200)).max() <= 2


@pytest.mark.parametrize("icc", [b"", b"no profile at all", bytes(200)])
def test_a_damaged_profile_leaves_the_pixels(icc: bytes, scene: Scene) -> None:
    np.testing.assert_array_equal(srgb(Photo(scene(), "jpeg", icc=icc)), scene())


def test_a_profile_cut_short_leaves_the_pixels(scene: Scene, srgb_profile: bytes) -> None:
    for length in (64, 128, 200, len(srgb_profile) // 2):
        np.testing.assert_array_equal(srgb(Photo(scene(), "jpeg", icc=srgb_profile[:length])), scene())


def test_a_profile_of_another_space_leaves_the_pixels(scene: Scene, lab_profile: bytes, grey_profile: bytes) -> None:
    for icc in (lab_profile, grey_profile):
        np.testing.assert_array_equal(srgb(Photo(scene(), "jpeg", icc=icc)), scene())


def test_rgb_keeps_its_profile_and_its_numbers(scene: Scene, swapped_profile: bytes) -> None:
    pixels, icc = as_rgb(Image.fromarray(scene()), swapped_profile)
    np.testing.assert_array_equal(pixels, scene())
    assert icc == swapped_profile


def test_rgb_loses_a_profile_that_cannot_be_its_own(scene: Scene, lab_profile: bytes) -> None:
    for wrong in (lab_profile, b"damaged"):
        assert as_rgb(Image.fromarray(scene()), wrong)[1] is None


def test_grey_with_a_grey_profile_becomes_srgb(grey_profile: bytes) -> None:
    pixels, icc = as_rgb(Image.new("L", (2, 2), 55), grey_profile)
    # Linear light 55/255 shows as 0.5029 in the sRGB transfer curve, that is 128.
    assert np.abs(pixels.astype(int) - 128).max() <= 1
    assert icc is None


def test_grey_with_an_rgb_profile_keeps_it(swapped_profile: bytes) -> None:
    pixels, icc = as_rgb(Image.new("L", (2, 2), 55), swapped_profile)
    assert (pixels == 55).all()
    assert icc == swapped_profile


def test_cmyk_without_a_profile_is_plain_mixing() -> None:
    pixels, icc = as_rgb(Image.new("CMYK", (1, 1), (255, 0, 0, 0)), None)
    assert pixels.tolist() == [[[0, 255, 255]]]
    assert icc is None


def test_cmyk_never_keeps_an_rgb_profile(srgb_profile: bytes) -> None:
    assert as_rgb(Image.new("CMYK", (1, 1), (9, 9, 9, 9)), srgb_profile)[1] is None


def test_the_result_can_be_written_to(scene: Scene) -> None:
    pixels, _ = as_rgb(Image.fromarray(scene()), None)
    pixels[0, 0] = 0
    assert pixels[0, 0].tolist() == [0, 0, 0]


def test_cmyk_with_its_profile_becomes_srgb(cmyk_profile: bytes) -> None:
    inks = Image.new("CMYK", (3, 1), (0, 0, 0, 0))
    inks.putpixel((1, 0), (0, 0, 0, 128))
    inks.putpixel((2, 0), (0, 0, 0, 255))
    pixels, icc = as_rgb(inks, cmyk_profile)
    # Lightness 100, 50 and 0 are 255, 119 and 0 in sRGB; plain mixing would give 127 for the middle one.
    assert np.abs(pixels[0, :, 1].astype(int) - (255, 119, 0)).max() <= 2
    assert icc is None
