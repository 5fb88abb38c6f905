from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from unfind.errors import ImageError, ImageLimitError
from unfind.images.limits import Limits
from unfind.images.webp_chunks import split_webp

Maker = Callable[..., bytes]
Scene = Callable[..., np.ndarray]


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2) for name, body in chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def test_exif_and_profile_are_found(scene: Scene, saved: Maker, camera_exif: Maker) -> None:
    data = saved(scene(), "webp", exif=camera_exif(8), icc_profile=b"an odd length")
    container = split_webp(data, Limits())
    assert (container.exif, container.icc, container.frames) == (camera_exif(8), b"an odd length", 1)


def test_an_exif_block_with_jpegs_marker_is_understood(camera_exif: Maker) -> None:
    canvas = bytes(4) + bytes([9, 0, 0, 9, 0, 0])
    data = riff((b"VP8X", canvas), (b"EXIF", b"Exif\0\0" + camera_exif(8)))
    assert split_webp(data, Limits()).exif == camera_exif(8)


@pytest.mark.parametrize(
    "settings", [{}, {"lossless": True}, {"icc_profile": b"x"}], ids=["lossy", "lossless", "extended"]
)
def test_the_size_is_read_from_each_kind_of_header(settings: dict[str, object], scene: Scene, saved: Maker) -> None:
    data = saved(scene(37, 53), "webp", **settings)
    split_webp(data, Limits(max_side=53, max_pixels=37 * 53))
    with pytest.raises(ImageLimitError, match="53 x 37"):
        split_webp(data, Limits(max_side=52))


def test_a_huge_canvas_is_refused_by_its_header() -> None:
    with pytest.raises(ImageLimitError, match="16,777,216 x 16,777,216"):
        split_webp(riff((b"VP8X", bytes(4) + b"\xff" * 6)), Limits())


def test_the_frames_of_an_animation_are_counted(scene: Scene, saved: Maker) -> None:
    frames = [Image.fromarray(scene(seed=seed)) for seed in range(3)]
    data = saved(frames[0], "webp", save_all=True, append_images=frames[1:])
    assert split_webp(data, Limits()).frames == 3


def test_a_profile_over_the_limit_is_left_out(scene: Scene, saved: Maker) -> None:
    data = saved(scene(), "webp", icc_profile=bytes(100))
    assert split_webp(data, Limits(max_icc_bytes=99)).icc is None


@pytest.mark.parametrize(
    "data",
    [
        b"RIFF\0\0\0\0WEBP",
        riff((b"VP8X", b"short")),
        riff((b"VP8 ", bytes(20))),
        riff((b"VP8L", b"\x30" + bytes(8))),
        riff((b"JUNK", bytes(20))),
    ],
)
def test_a_header_without_a_size_is_refused(data: bytes) -> None:
    with pytest.raises(ImageError, match="size"):
        split_webp(data, Limits())
