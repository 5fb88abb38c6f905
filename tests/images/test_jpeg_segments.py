from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from unfind.errors import ImageError, ImageLimitError
from unfind.images.jpeg_segments import split_jpeg
from unfind.images.limits import Limits

Saved = Callable[..., bytes]
Scene = Callable[..., np.ndarray]


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


def with_segments(data: bytes, *segments: bytes) -> bytes:
    return data[:2] + b"".join(segments) + data[2:]


def pixels_of(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.array(image)


def test_exif_and_profile_come_apart_from_the_picture(
    scene: Scene, saved: Saved, camera_exif: Callable[..., bytes]
) -> None:
    block = camera_exif(6)
    data = saved(scene(), "jpeg", exif=b"Exif\0\0" + block, icc_profile=b"profile")
    container = split_jpeg(data, Limits())
    assert (container.exif, container.icc) == (block, b"profile")
    assert b"Exif" not in container.picture
    assert b"ICC_PROFILE" not in container.picture
    np.testing.assert_array_equal(pixels_of(container.picture), pixels_of(data))


def test_a_profile_in_several_segments_is_put_together_in_order(scene: Scene, saved: Saved) -> None:
    profile = np.random.default_rng(0).bytes(150_000)
    container = split_jpeg(saved(scene(), "jpeg", icc_profile=profile), Limits())
    assert container.icc == profile


def test_segments_of_a_profile_in_the_wrong_order_are_sorted(scene: Scene, saved: Saved) -> None:
    parts = [
        segment(0xE2, b"ICC_PROFILE\0" + bytes([number, 2]) + body) for number, body in ((2, b"end"), (1, b"begin-"))
    ]
    assert split_jpeg(with_segments(saved(scene(), "jpeg"), *parts), Limits()).icc == b"begin-end"


def test_a_profile_over_the_limit_is_left_out(scene: Scene, saved: Saved) -> None:
    data = saved(scene(), "jpeg", icc_profile=bytes(1000))
    assert split_jpeg(data, Limits(max_icc_bytes=999)).icc is None
    assert split_jpeg(data, Limits(max_icc_bytes=1000)).icc == bytes(1000)


def test_xmp_iptc_multi_picture_and_comments_are_dropped(scene: Scene, saved: Saved) -> None:
    extras = (
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>"),
        segment(0xED, b"Photoshop 3.0\0"),
        segment(0xE2, b"MPF\0II*\0"),
        segment(0xFE, b"a comment"),
    )
    plain = saved(scene(), "jpeg")
    assert split_jpeg(with_segments(plain, *extras), Limits()).picture == split_jpeg(plain, Limits()).picture


def test_adobes_colour_transform_stays(saved: Saved) -> None:
    data = saved(Image.new("CMYK", (8, 8), (10, 20, 30, 40)), "jpeg")
    assert b"Adobe" in data
    assert split_jpeg(data, Limits()).picture.count(b"Adobe") == 1


def test_fill_bytes_and_junk_between_segments_are_skipped(scene: Scene, saved: Saved) -> None:
    plain = saved(scene(), "jpeg")
    untidy = plain[:2] + b"\xff\xff\xff" + plain[3:20] + b"junk" + plain[20:]
    container = split_jpeg(untidy, Limits())
    np.testing.assert_array_equal(pixels_of(container.picture), pixels_of(plain))


@pytest.mark.parametrize("length", [3, 4, 20, 200])
def test_a_file_that_ends_in_its_header_is_refused(length: int, scene: Scene, saved: Saved) -> None:
    with pytest.raises(ImageError, match="no more"):
        split_jpeg(saved(scene(), "jpeg")[:length], Limits())


def test_an_ordinary_progressive_photo_has_few_scans(scene: Scene, saved: Saved) -> None:
    data = saved(scene(), "jpeg", progressive=True)
    assert split_jpeg(data, Limits()).picture
    with pytest.raises(ImageLimitError, match="scans"):
        split_jpeg(data, Limits(max_scans=3))


def test_a_photo_of_very_many_scans_is_refused(scene: Scene, saved: Saved) -> None:
    data = saved(scene(), "jpeg")
    with pytest.raises(ImageLimitError, match="got 5,001"):
        split_jpeg(data[:-2] + 5_000 * segment(0xDA, bytes(10)) + data[-2:], Limits())
