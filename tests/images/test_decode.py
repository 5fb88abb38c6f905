from __future__ import annotations

import io
import os
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from unfind.errors import ImageError, ImageLimitError
from unfind.images.decode import decode
from unfind.images.encode import encode
from unfind.images.limits import Limits
from unfind.images.orientation import as_stored

Maker = Callable[..., bytes]
Scene = Callable[..., np.ndarray]
Psnr = Callable[[np.ndarray, np.ndarray], float]


@pytest.mark.parametrize("format", ["png", "webp"])
def test_lossless_photos_come_back_exactly(format: str, scene: Scene, saved: Maker) -> None:
    settings = {"lossless": True} if format == "webp" else {}
    photo = decode(saved(scene(), format, **settings))
    np.testing.assert_array_equal(photo.pixels, scene())
    assert (photo.format, photo.alpha, photo.orientation, photo.quality) == (format, None, 1, None)


@pytest.mark.parametrize("quality", [30, 75, 92])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_a_jpeg_tells_how_it_was_compressed(quality: int, subsampling: str, scene: Scene, saved: Maker) -> None:
    photo = decode(saved(scene(), "jpeg", quality=quality, subsampling=subsampling))
    assert (photo.format, photo.quality, photo.subsampling) == ("jpeg", quality, subsampling)


def test_a_jpeg_has_the_pixels_pillow_reads(scene: Scene, saved: Maker) -> None:
    data = saved(scene(), "jpeg", progressive=True)
    with Image.open(io.BytesIO(data)) as image:
        np.testing.assert_array_equal(decode(data).pixels, np.array(image))


@pytest.mark.parametrize("format", ["jpeg", "png", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_orientations_give_the_same_upright_pixels(
    orientation: int, format: str, scene: Scene, saved: Maker, camera_exif: Maker, psnr: Psnr
) -> None:
    turned = np.array(as_stored(Image.fromarray(scene()), orientation))
    photo = decode(saved(turned, format, exif=b"Exif\0\0" + camera_exif(orientation)))
    assert photo.orientation == orientation
    assert photo.pixels.shape == scene().shape
    assert psnr(photo.pixels, scene()) > 30


def test_alpha_is_turned_upright_as_well(saved: Maker, camera_exif: Maker) -> None:
    stored = np.zeros((2, 3, 4), np.uint8)
    stored[0, 2, 3] = 255
    photo = decode(saved(stored, "png", exif=b"Exif\0\0" + camera_exif(6)))
    assert photo.alpha is not None
    assert photo.alpha.tolist() == [[0, 0], [0, 0], [0, 255]]


@pytest.mark.parametrize("format", ["jpeg", "png", "webp"])
def test_profile_and_exif_are_kept_as_read(
    format: str, scene: Scene, saved: Maker, camera_exif: Maker, srgb_profile: bytes
) -> None:
    photo = decode(saved(scene(), format, icc_profile=srgb_profile, exif=b"Exif\0\0" + camera_exif(1)))
    assert photo.icc == srgb_profile
    assert photo.exif == camera_exif(1)


@pytest.mark.parametrize("format", ["jpeg", "png", "webp"])
@pytest.mark.parametrize("damage", [b"", b"\0", b"nonsense" * 20, b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff"])
def test_damaged_metadata_does_not_fail_a_photo(damage: bytes, format: str, scene: Scene, saved: Maker) -> None:
    photo = decode(saved(scene(), format, icc_profile=damage, exif=b"Exif\0\0" + damage))
    assert photo.pixels.shape == scene().shape
    assert (photo.icc, photo.orientation) == (None, 1)


def test_every_mode_a_photo_may_have_becomes_rgb(scene: Scene, saved: Maker, psnr: Psnr) -> None:
    image = Image.fromarray(scene())
    grey = np.repeat(np.array(image.convert("L"))[:, :, None], 3, axis=2)
    assert psnr(decode(saved(image.convert("L"), "jpeg", quality=95)).pixels, grey) > 40
    assert psnr(decode(saved(image.convert("CMYK"), "jpeg", quality=95)).pixels, scene()) > 35
    np.testing.assert_array_equal(decode(saved(image.convert("L"), "png")).pixels, grey)
    np.testing.assert_array_equal(decode(saved(image.convert("LA"), "png")).pixels, grey)
    palette = image.quantize(64)
    np.testing.assert_array_equal(decode(saved(palette, "png")).pixels, np.array(palette.convert("RGB")))
    black_and_white = decode(saved(image.convert("1"), "png")).pixels
    assert np.unique(black_and_white).tolist() == [0, 255]


def test_16_bit_photos_keep_their_brightness(png: Maker) -> None:
    ramp = np.linspace(0, 65_535, 64).round().astype(">u2")
    rows = [ramp.tobytes()] * 4
    photo = decode(png(64, 4, 16, 0, rows))
    assert np.abs(photo.pixels[0, :, 0] - ramp / 257).max() <= 1
    colour = decode(png(64, 4, 16, 2, [np.repeat(ramp, 3).tobytes()] * 4))
    np.testing.assert_array_equal(colour.pixels, photo.pixels)


def test_grey_and_cmyk_profiles_are_used_up(saved: Maker, grey_profile: bytes, cmyk_profile: bytes) -> None:
    grey = decode(saved(Image.new("L", (8, 8), 55), "png", icc_profile=grey_profile))
    press = decode(saved(Image.new("CMYK", (8, 8), (0, 0, 0, 128)), "jpeg", quality=100, icc_profile=cmyk_profile))
    assert abs(int(grey.pixels[0, 0, 0]) - 128) <= 1
    assert abs(int(press.pixels[0, 0, 0]) - 119) <= 3
    assert (grey.icc, press.icc) == (None, None)


@pytest.mark.parametrize("format", ["jpeg", "png", "webp"])
def test_a_photo_of_one_pixel(format: str, saved: Maker) -> None:
    assert decode(saved(np.full((1, 1, 3), 128, np.uint8), format)).pixels.shape == (1, 1, 3)


def test_a_multi_picture_photo_of_a_phone_gives_its_main_picture(scene: Scene, saved: Maker) -> None:
    main, depth = Image.fromarray(scene()), Image.fromarray(scene(24, 32, seed=1))
    data = saved(main, "mpo", save_all=True, append_images=[depth])
    photo = decode(data)
    assert photo.format == "jpeg"
    assert photo.pixels.shape == scene().shape


def test_the_name_and_the_bytes_decide_nothing_together(scene: Scene, saved: Maker) -> None:
    with pytest.raises(ImageError, match="GIF"):
        decode(saved(scene(), "gif"))


@pytest.mark.parametrize("format", ["png", "webp"])
def test_animations_are_refused(format: str, scene: Scene, saved: Maker) -> None:
    frames = [Image.fromarray(scene(seed=seed)) for seed in range(2)]
    data = saved(frames[0], format, save_all=True, append_images=frames[1:])
    with pytest.raises(ImageLimitError, match="still photo, got 2 frames"):
        decode(data)
    first = decode(data, limits=Limits(max_frames=2))
    assert first.pixels.shape == scene().shape


def test_a_png_bomb_is_refused_at_once_and_without_memory(png: Maker) -> None:
    bomb = png(50_000, 50_000, 8, 2, [bytes(64)])
    tracemalloc.start()
    start = time.perf_counter()
    with pytest.raises(ImageLimitError, match="50,000 x 50,000"):
        decode(bomb)
    seconds = time.perf_counter() - start
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seconds < 0.2
    assert peak < 1_000_000


def test_a_jpeg_bomb_is_refused_by_its_header(scene: Scene, saved: Maker) -> None:
    data = bytearray(saved(scene(), "jpeg"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", 65_000, 65_000)
    with pytest.raises(ImageLimitError, match="65,000 x 65,000"):
        decode(bytes(data))


@pytest.mark.parametrize("format", ["jpeg", "png", "webp"])
def test_each_limit_holds_for_each_format(format: str, scene: Scene, saved: Maker) -> None:
    data = saved(scene(), format)
    decode(data, limits=Limits(max_bytes=len(data), max_pixels=48 * 64, max_side=64))
    for tight in (Limits(max_bytes=len(data) - 1), Limits(max_pixels=48 * 64 - 1), Limits(max_side=63)):
        with pytest.raises(ImageLimitError):
            decode(data, limits=tight)


def test_a_raised_limit_is_not_lowered_by_pillow(png: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert decode(png(100, 1, 8, 0, [bytes(100)])).pixels.shape == (1, 100, 3)


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, 0), (0, 0)])
def test_a_photo_without_pixels_is_refused(width: int, height: int, png: Maker) -> None:
    with pytest.raises(ImageError):
        decode(png(width, height, 8, 0, []))


@pytest.mark.parametrize("format", ["jpeg", "png", "webp"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_photo_cut_short_is_refused_with_advice(share: float, format: str, scene: Scene, saved: Maker) -> None:
    data = saved(scene(), format)
    with pytest.raises(ImageError, match="take the original file"):
        decode(data[: int(len(data) * share)])


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"RIFF\x04\0\0\0WEBPVP8 "]
)
def test_bare_signatures_are_refused(data: bytes) -> None:
    with pytest.raises(ImageError):
        decode(data)


def test_decoding_needs_nothing_but_the_bytes(scene: Scene, saved: Maker) -> None:
    data = saved(scene(), "jpeg")
    first, second = decode(data), decode(data)
    np.testing.assert_array_equal(first.pixels, second.pixels)
    first.pixels[:] = 0
    assert second.pixels.any()


@pytest.fixture(scope="session")
def victims(saved: Maker, scene: Scene, camera_exif: Maker, srgb_profile: bytes) -> list[bytes]:
    """Small photos of every kind, with metadata, to be damaged."""
    picture = Image.fromarray(scene(12, 16))
    blocks = {"exif": b"Exif\0\0" + camera_exif(6), "icc_profile": srgb_profile}
    return [
        saved(picture, "jpeg", **blocks),
        saved(picture, "jpeg", progressive=True),
        saved(picture.convert("CMYK"), "jpeg"),
        saved(picture, "png", **blocks),
        saved(picture.quantize(16), "png", transparency=3),
        saved(picture.convert("RGBA"), "webp", **blocks),
        saved(picture, "webp"),
        saved(picture, "webp", lossless=True),
        saved(picture, "png", save_all=True, append_images=[picture.rotate(90)]),
    ]


@given(
    which=st.integers(0, 8),
    flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), max_size=6),
    in_header=st.booleans(),
    keep=st.one_of(st.just(1.0), st.floats(0, 1)),
)
@settings(deadline=None, max_examples=800)
def test_damaged_photos_are_decoded_or_refused_and_nothing_else(
    victims: list[bytes], which: int, flips: list[tuple[float, int]], in_header: bool, keep: float
) -> None:
    data = bytearray(victims[which])
    reach = min(len(data), 64) if in_header else len(data)
    for place, change in flips:
        data[int(place * reach)] ^= change
    try:
        photo = decode(bytes(data[: round(keep * len(data))]), limits=Limits(max_pixels=1_000_000))
    except ImageError:
        return
    assert decode(encode(photo)).pixels.shape == photo.pixels.shape


@given(
    st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x20\0\0\0WEBPVP8X"]),
    st.binary(max_size=200),
)
@settings(deadline=None, max_examples=200)
def test_noise_behind_a_signature_is_refused(signature: bytes, noise: bytes) -> None:
    with pytest.raises(ImageError):
        decode(signature + noise)


def test_real_photos_come_back_as_they_were(psnr: Psnr) -> None:
    root = Path(os.environ.get("UNFIND_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
    archive = root / "clothing" / "images.zip"
    if not archive.is_file():
        pytest.skip(f"the clothing photos are not at {archive}; set UNFIND_DATA to the folder that holds them")
    with zipfile.ZipFile(archive) as photos:
        names = [name for name in photos.namelist() if name.endswith(".jpg")][::60]
        for name in names:
            before = decode(photos.read(name))
            after = decode(encode(before))
            assert psnr(after.pixels, before.pixels) > 38, name
            assert (after.quality, after.subsampling) == (before.quality, before.subsampling)
