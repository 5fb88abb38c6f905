from __future__ import annotations

import dataclasses
import io
import struct
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from unfind.errors import ImageError, UsageError
from unfind.images.decode import decode
from unfind.images.encode import encode, jpeg
from unfind.images.photo import Photo

Maker = Callable[..., bytes]
Scene = Callable[..., np.ndarray]
Psnr = Callable[[np.ndarray, np.ndarray], float]


def seen_by_pillow(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize("format", ["jpeg", "png", "webp"])
def test_a_photo_comes_back_in_its_own_format(format: str, scene: Scene, psnr: Psnr) -> None:
    photo = decode(encode(Photo(scene(), format)))  # type: ignore[arg-type]
    assert photo.format == format
    assert psnr(photo.pixels, scene()) > 30


@pytest.mark.parametrize("format", ["jpeg", "png", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_are_stored_as_they_were_and_the_tag_says_how(
    orientation: int, format: str, scene: Scene, camera_exif: Maker, psnr: Psnr
) -> None:
    photo = Photo(scene(), format, exif=camera_exif(orientation), orientation=orientation)  # type: ignore[arg-type]
    data = encode(photo)
    stored = seen_by_pillow(data)
    assert stored.getexif()[0x0112] == orientation
    assert stored.size == ((64, 48) if orientation < 5 else (48, 64))
    again = decode(data)
    assert again.orientation == orientation
    assert psnr(again.pixels, scene()) > 30


def test_a_png_with_an_orientation_survives_the_round_trip_exactly(scene: Scene, camera_exif: Maker) -> None:
    for orientation in range(1, 9):
        photo = Photo(scene(), "png", exif=camera_exif(orientation), orientation=orientation)
        np.testing.assert_array_equal(decode(encode(photo)).pixels, scene())


@pytest.mark.parametrize("format", ["jpeg", "png", "webp"])
def test_the_position_goes_unless_asked_to_stay(format: str, scene: Scene, camera_exif: Maker) -> None:
    photo = Photo(scene(), format, exif=camera_exif())  # type: ignore[arg-type]
    without = seen_by_pillow(encode(photo)).getexif()
    assert dict(without.get_ifd(0x8825)) == {}
    assert without[0x0110] == "Camera 9"
    kept = seen_by_pillow(encode(photo, keep_location=True)).getexif()
    assert kept.get_ifd(0x8825)[1] == "N"


@pytest.mark.parametrize("format", ["jpeg", "png", "webp"])
def test_no_old_thumbnail_nor_xmp_is_in_the_file(format: str, scene: Scene, saved: Maker, camera_exif: Maker) -> None:
    source = saved(scene(), format, exif=b"Exif\0\0" + camera_exif(), xmp=b"<x:xmpmeta>GPSLatitude</x:xmpmeta>")
    assert b"unprotected" in source
    written = encode(decode(source), keep_location=True)
    assert b"unprotected" not in written
    assert b"xmpmeta" not in written


@pytest.mark.parametrize("format", ["jpeg", "png", "webp"])
def test_the_profile_is_kept(format: str, scene: Scene, swapped_profile: bytes) -> None:
    data = encode(Photo(scene(), format, icc=swapped_profile))  # type: ignore[arg-type]
    assert seen_by_pillow(data).info["icc_profile"] == swapped_profile


@pytest.mark.parametrize("format", ["png", "webp"])
def test_alpha_is_kept_exactly(format: str, scene: Scene) -> None:
    alpha = np.random.default_rng(0).integers(0, 256, (48, 64), dtype=np.uint8)
    again = decode(encode(Photo(scene(), format, alpha=alpha)))  # type: ignore[arg-type]
    assert again.alpha is not None
    np.testing.assert_array_equal(again.alpha, alpha)


def test_pixels_under_full_transparency_are_not_repainted(scene: Scene, psnr: Psnr) -> None:
    again = decode(encode(Photo(scene(), "webp", alpha=np.zeros((48, 64), np.uint8))))
    assert psnr(again.pixels, scene()) > 30


def test_alpha_does_not_vanish_into_a_jpeg(scene: Scene) -> None:
    photo = Photo(scene(), "png", alpha=np.full((48, 64), 255, np.uint8))
    with pytest.raises(ImageError, match="PNG or WebP"):
        encode(photo, format="jpeg")


@pytest.mark.parametrize("quality", [20, 70, 95])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_a_jpeg_is_compressed_like_its_source(quality: int, subsampling: str, scene: Scene, saved: Maker) -> None:
    source = saved(scene(), "jpeg", quality=quality, subsampling=subsampling)
    again = decode(encode(decode(source)))
    assert (again.quality, again.subsampling) == (quality, subsampling)


def test_quality_can_be_chosen_and_is_90_without_a_source(scene: Scene) -> None:
    photo = Photo(scene(), "png")
    assert decode(encode(photo, format="jpeg")).quality == 90
    assert decode(encode(photo, format="jpeg", quality=40)).quality == 40
    assert len(encode(photo, format="webp", quality=20)) < len(encode(photo, format="webp"))


def test_a_jpegs_quality_says_nothing_about_other_formats(scene: Scene) -> None:
    poor, plain = Photo(scene(), "jpeg", quality=10), Photo(scene(), "jpeg")
    assert encode(poor, format="webp") == encode(plain, format="webp")
    assert len(encode(poor)) < len(encode(plain))


def test_a_second_round_of_a_jpeg_changes_next_to_nothing(scene: Scene, saved: Maker, psnr: Psnr) -> None:
    first = decode(saved(scene(), "jpeg", quality=80, subsampling="4:4:4"))
    assert psnr(decode(encode(first)).pixels, first.pixels) > 45


@pytest.mark.parametrize("format", ["jpeg", "png", "webp"])
def test_the_same_photo_gives_the_same_bytes(format: str, scene: Scene, camera_exif: Maker) -> None:
    photo = Photo(scene(), format, exif=camera_exif(6), orientation=6)  # type: ignore[arg-type]
    copied = dataclasses.replace(photo, pixels=scene().copy())
    assert encode(photo) == encode(copied)


def test_a_damaged_exif_block_is_left_out(scene: Scene) -> None:
    data = encode(Photo(scene(), "jpeg", exif=b"not a block"))
    assert b"Exif" not in data


def test_an_exif_block_too_long_for_jpeg_still_gives_the_orientation(scene: Scene, tiff: Maker) -> None:
    exif = tiff({0x0112: (3, 1, struct.pack("<H", 6)), 0x9286: (7, 70_000, bytes(70_000))})
    photo = Photo(scene(), "png", exif=exif, orientation=6)
    assert len(decode(encode(photo)).exif or b"") > 70_000
    assert decode(encode(photo, format="jpeg")).orientation == 6


@pytest.mark.parametrize(("exif_bytes", "whole"), [(65_400, True), (65_600, False)])
def test_the_longest_exif_block_jpeg_can_hold(exif_bytes: int, whole: bool, scene: Scene, tiff: Maker) -> None:
    exif = tiff({0x9286: (7, exif_bytes, bytes(exif_bytes))})
    again = decode(encode(Photo(scene(), "png", exif=exif), format="jpeg"))
    assert (again.exif is not None) == whole


@pytest.mark.parametrize(("format", "longest"), [("jpeg", 65_500), ("webp", 16_383)])
def test_sides_a_format_cannot_hold_are_refused_with_its_limit(format: str, longest: int) -> None:
    encode(Photo(np.zeros((1, longest, 3), np.uint8), format))  # type: ignore[arg-type]
    with pytest.raises(ImageError, match=f"{longest:,}"):
        encode(Photo(np.zeros((longest + 1, 1, 3), np.uint8), format))  # type: ignore[arg-type]


def test_a_png_may_be_longer(scene: Scene) -> None:
    data = encode(Photo(np.zeros((1, 70_000, 3), np.uint8), "png"))
    assert seen_by_pillow(data).size == (70_000, 1)


@pytest.mark.parametrize("quality", [0, 101, -5])
def test_a_quality_out_of_range_is_wrong_use(quality: int, scene: Scene) -> None:
    for call in (lambda: encode(Photo(scene(), "jpeg"), quality=quality), lambda: jpeg(scene(), quality)):
        with pytest.raises(UsageError, match="1 to 100"):
            call()


def test_an_unknown_format_is_wrong_use(scene: Scene) -> None:
    with pytest.raises(UsageError, match="'gif'"):
        encode(Photo(scene(), "jpeg"), format="gif")  # type: ignore[arg-type]


def test_bare_pixels_must_be_rgb() -> None:
    with pytest.raises(ImageError, match="uint8"):
        jpeg(np.zeros((4, 4), np.uint8), 80)


@given(
    height=st.integers(1, 20),
    width=st.integers(1, 20),
    seed=st.integers(0, 1000),
    orientation=st.integers(1, 8),
    with_alpha=st.booleans(),
)
@settings(deadline=None, max_examples=100)
def test_png_is_lossless_at_any_size(height: int, width: int, seed: int, orientation: int, with_alpha: bool) -> None:
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    alpha = random.integers(0, 256, (height, width), dtype=np.uint8) if with_alpha else None
    again = decode(encode(Photo(pixels, "png", alpha=alpha, orientation=orientation)))
    np.testing.assert_array_equal(again.pixels, pixels)
    np.testing.assert_array_equal(again.alpha, alpha)
    assert again.orientation == orientation
