from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from unfind.errors import ImageError
from unfind.images.photo import Photo, check_pixels


def test_a_photo_needs_no_more_than_pixels_and_a_format() -> None:
    photo = Photo(np.zeros((2, 3, 3), np.uint8), "png")
    assert (photo.alpha, photo.icc, photo.exif, photo.orientation, photo.quality) == (
        None,
        None,
        None,
        1,
        None,
    )


def test_replacing_the_pixels_keeps_the_rest() -> None:
    photo = Photo(np.zeros((2, 3, 3), np.uint8), "jpeg", icc=b"profile", orientation=6, quality=77)
    changed = dataclasses.replace(photo, pixels=np.ones((2, 3, 3), np.uint8))
    assert changed.pixels.all()
    assert (changed.icc, changed.orientation, changed.quality) == (b"profile", 6, 77)


def test_a_photo_cannot_be_changed_in_place() -> None:
    photo = Photo(np.zeros((2, 3, 3), np.uint8), "png")
    with pytest.raises(dataclasses.FrozenInstanceError):
        photo.orientation = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((2, 3), np.uint8),
        np.zeros((2, 3, 4), np.uint8),
        np.zeros((2, 3, 3), np.float32),
        np.zeros((0, 3, 3), np.uint8),
        np.zeros((1, 2, 3, 3), np.uint8),
    ],
)
def test_pixels_that_are_not_rgb_are_refused(pixels: np.ndarray) -> None:
    with pytest.raises(ImageError, match="uint8"):
        check_pixels(pixels)
    with pytest.raises(ImageError, match="uint8"):
        Photo(pixels, "png")


@pytest.mark.parametrize("alpha", [np.zeros((3, 2), np.uint8), np.zeros((2, 3), np.float32)])
def test_alpha_must_fit_the_pixels(alpha: np.ndarray) -> None:
    with pytest.raises(ImageError, match="alpha"):
        Photo(np.zeros((2, 3, 3), np.uint8), "png", alpha=alpha)


@pytest.mark.parametrize("orientation", [0, 9, -1])
def test_an_orientation_out_of_range_is_refused(orientation: int) -> None:
    with pytest.raises(ImageError, match=f"got {orientation}"):
        Photo(np.zeros((2, 3, 3), np.uint8), "jpeg", orientation=orientation)
