from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from unfind.images.limits import Limits
from unfind.images.png_chunks import split_png

Maker = Callable[..., bytes]
Scene = Callable[..., np.ndarray]


def icc_chunk(profile: bytes) -> tuple[bytes, bytes]:
    return b"iCCP", b"name\0\0" + zlib.compress(profile)


def test_exif_and_profile_come_apart_from_the_picture(scene: Scene, saved: Maker, camera_exif: Maker) -> None:
    data = saved(scene(), "png", exif=b"Exif\0\0" + camera_exif(3), icc_profile=b"profile")
    container = split_png(data, Limits())
    assert (container.exif, container.icc, container.frames) == (camera_exif(3), b"profile", 1)
    assert container.picture == saved(scene(), "png")


def test_a_profile_is_unpacked_only_up_to_its_limit(png: Maker) -> None:
    bomb = png(1, 1, 8, 0, [b"\0"], extra=(icc_chunk(bytes(10_000_000)),))
    assert len(bomb) < 20_000
    assert split_png(bomb, Limits()).icc is None
    assert split_png(bomb, Limits(max_icc_bytes=10_000_000)).icc == bytes(10_000_000)


@pytest.mark.parametrize("body", [b"", b"name", b"name\0\0not zlib", b"name\0\0" + zlib.compress(b"profile")[:-5]])
def test_a_damaged_profile_is_left_out(body: bytes, png: Maker) -> None:
    assert split_png(png(1, 1, 8, 0, [b"\0"], extra=((b"iCCP", body),)), Limits()).icc is None


def test_a_wrong_checksum_of_metadata_does_not_fail_the_picture(png: Maker) -> None:
    data = png(1, 1, 8, 0, [b"\x55"], extra=(icc_chunk(b"profile"),))
    at = data.index(b"IDAT") - 8
    damaged = data[:at] + b"\0\0\0\0" + data[at + 4 :]
    with Image.open(io.BytesIO(split_png(damaged, Limits()).picture)) as image:
        assert image.getpixel((0, 0)) == 0x55


def test_text_is_dropped_and_transparency_kept(png: Maker) -> None:
    extra = ((b"tEXt", b"Comment\0taken at home"), (b"tRNS", b"\0\7"))
    picture = split_png(png(1, 1, 8, 0, [b"\7"], extra=extra), Limits()).picture
    assert b"home" not in picture
    assert b"tRNS" in picture


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_the_bit_depth_is_read(depth: int, png: Maker) -> None:
    assert split_png(png(1, 1, depth, 0, [bytes(2)]), Limits()).bit_depth == depth


@pytest.mark.parametrize(("frames", "counted"), [(0, 1), (1, 1), (2, 2), (70_000, 70_000)])
def test_frames_of_an_animation_are_counted(frames: int, counted: int, png: Maker) -> None:
    data = png(1, 1, 8, 0, [b"\0"], extra=((b"acTL", struct.pack(">II", frames, 0)),))
    container = split_png(data, Limits())
    assert container.frames == counted
    assert b"acTL" not in container.picture


def test_a_file_cut_anywhere_is_taken_as_far_as_it_goes(scene: Scene, saved: Maker) -> None:
    data = saved(scene(8, 8), "png")
    for length in range(8, len(data)):
        assert data.startswith(split_png(data[:length], Limits()).picture)
