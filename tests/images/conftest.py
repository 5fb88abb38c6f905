"""Small photos and the containers around them, built by hand where a test must know every byte."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image, ImageCms
from torch import Tensor

Pixels = NDArray[np.uint8]


@pytest.fixture(scope="session")
def scene() -> Callable[..., Pixels]:
    """Return a maker of smooth pictures without any symmetry: uint8 (height, width, 3)."""

    def make(height: int = 48, width: int = 64, seed: int = 0) -> Pixels:
        coarse = np.random.default_rng(seed).integers(0, 256, (5, 7, 3), dtype=np.uint8)
        return np.array(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))

    return make


@pytest.fixture(scope="session")
def saved() -> Callable[..., bytes]:
    """Return Pillow's own writer: `saved(pixels or image, "jpeg", **settings)`."""

    def save(picture: Pixels | Image.Image, format: str, **settings: Any) -> bytes:
        image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
        target = io.BytesIO()
        image.save(target, format.upper(), **settings)
        return target.getvalue()

    return save


@pytest.fixture(scope="session")
def png_chunk() -> Callable[[bytes, bytes], bytes]:
    """Return a maker of one PNG chunk from its name and body."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    return chunk


@pytest.fixture(scope="session")
def png(png_chunk: Callable[[bytes, bytes], bytes]) -> Callable[..., bytes]:
    """Return a maker of PNG files of any bit depth and colour type; rows come packed, as in the file."""

    def make(
        width: int,
        height: int,
        depth: int,
        colour_type: int,
        rows: list[bytes],
        extra: tuple[tuple[bytes, bytes], ...] = (),
    ) -> bytes:
        header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
        packed = zlib.compress(b"".join(b"\0" + row for row in rows))
        chunks = [(b"IHDR", header), *extra, (b"IDAT", packed), (b"IEND", b"")]
        return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(name, body) for name, body in chunks)

    return make


@pytest.fixture(scope="session")
def tiff() -> Callable[..., bytes]:
    """Return a maker of EXIF blocks, an independent and simpler writer than the one under test.

    `tiff({tag: (kind, count, value bytes)}, order="little", below={tag: {...}}, thumbnail=b"...")`: inner
    directories one level deep, the thumbnail in a second directory as cameras store it.
    """

    def table(tags: dict[int, tuple[int, int, bytes]], at: int, end: str, following: int) -> bytes:
        values = at + 2 + 12 * len(tags) + 4
        entries, heap = b"", b""
        for name, (kind, count, value) in sorted(tags.items()):
            if len(value) > 4:
                slot = struct.pack(end + "I", values + len(heap))
                heap += value
            else:
                slot = value.ljust(4, b"\0")
            entries += struct.pack(end + "HHI", name, kind, count) + slot
        return struct.pack(end + "H", len(tags)) + entries + struct.pack(end + "I", following) + heap

    def make(
        tags: dict[int, tuple[int, int, bytes]],
        order: str = "little",
        below: dict[int, dict[int, tuple[int, int, bytes]]] | None = None,
        thumbnail: bytes = b"",
    ) -> bytes:
        end, mark = ("<", b"II*\0") if order == "little" else (">", b"MM\0*")
        pointers = {name: (4, 1, bytes(4)) for name in below or {}}
        at = 8 + len(table({**tags, **pointers}, 8, end, 0))
        bodies = b""
        for name, inner in (below or {}).items():
            pointers[name] = (4, 1, struct.pack(end + "I", at + len(bodies)))
            bodies += table(inner, at + len(bodies), end, 0)
        second = at + len(bodies)
        if thumbnail:
            where = second + 2 + 24 + 4
            named = {
                0x0201: (4, 1, struct.pack(end + "I", where)),
                0x0202: (4, 1, struct.pack(end + "I", len(thumbnail))),
            }
            bodies += table(named, second, end, 0) + thumbnail
        return (
            mark + struct.pack(end + "I", 8) + table({**tags, **pointers}, 8, end, second if thumbnail else 0) + bodies
        )

    return make


@pytest.fixture(scope="session")
def camera_exif(tiff: Callable[..., bytes]) -> Callable[..., bytes]:
    """Return a maker of the block a phone writes: orientation, model, exposure, position, thumbnail."""

    def make(orientation: int = 1, order: str = "little") -> bytes:
        rational = struct.pack(("<" if order == "little" else ">") + "6I", 52, 1, 31, 1, 12, 1)
        end = "<" if order == "little" else ">"
        return tiff(
            {0x0112: (3, 1, struct.pack(end + "H", orientation)), 0x0110: (2, 9, b"Camera 9\0")},
            order=order,
            below={
                0x8769: {
                    0x829A: (5, 1, rational[:8]),
                    0x927C: (7, 12, b"maker-secret"),
                    0xA002: (4, 1, struct.pack(end + "I", 64)),
                },
                0x8825: {1: (2, 2, b"N\0"), 2: (5, 3, rational)},
            },
            thumbnail=b"\xff\xd8thumbnail of the unprotected photo\xff\xd9",
        )

    return make


@pytest.fixture(scope="session")
def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture(scope="session")
def swapped_profile(srgb_profile: bytes) -> bytes:
    """An RGB profile in which red and blue have changed places: its effect cannot be missed."""
    return srgb_profile.replace(b"rXYZ", b"tmp!").replace(b"bXYZ", b"rXYZ").replace(b"tmp!", b"bXYZ")


@pytest.fixture(scope="session")
def lab_profile() -> bytes:
    """A profile that fits no photo."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


@pytest.fixture(scope="session")
def grey_profile(srgb_profile: bytes) -> bytes:
    """A grey profile, linear in light, made of a header and the two tags it needs."""
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)
    curve = b"curv" + bytes(4) + struct.pack(">I", 0)
    at = 128 + 4 + 2 * 12
    tags = struct.pack(">I", 2) + b"wtpt" + struct.pack(">II", at, len(white)) + b"kTRC"
    tags += struct.pack(">II", at + len(white), len(curve))
    header = bytearray(srgb_profile[:128])
    header[16:20] = b"GRAY"
    body = tags + white + curve
    header[0:4] = struct.pack(">I", 128 + len(body))
    return bytes(header) + body


@pytest.fixture(scope="session")
def psnr() -> Callable[[Pixels, Pixels], float]:
    """Return the peak signal-to-noise ratio of two uint8 pictures, in dB."""

    def measure(one: Pixels, other: Pixels) -> float:
        error = float(np.mean((one.astype(np.float64) - other) ** 2))
        return float("inf") if error == 0 else 10 * float(np.log10(255**2 / error))

    return measure


@pytest.fixture(scope="session")
def cmyk_profile(srgb_profile: bytes) -> bytes:
    """A press profile of one 8-bit table: each ink alone darkens the paper to black, evenly in lightness."""
    ramp = bytes(range(256))
    corners = b"".join(bytes([255 if ink == 0 else 0, 128, 128]) for ink in range(16))
    matrix = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x10000)
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + matrix + 4 * ramp + corners + 3 * ramp
    header = bytearray(srgb_profile[:128])
    header[12:24] = b"prtrCMYKLab "
    body = struct.pack(">I", 1) + b"A2B0" + struct.pack(">II", 144, len(table)) + table
    header[0:4] = struct.pack(">I", 128 + len(body))
    return bytes(header) + body


@pytest.fixture(scope="session")
def make_images() -> Callable[..., Tensor]:
    """Return a maker of pictures (count, 3, side, side) with some detail, in double precision."""

    def make(count: int = 5, side: int = 16, seed: int = 0) -> Tensor:
        draw = torch.Generator().manual_seed(seed)
        coarse = torch.rand(count, 3, 4, 4, generator=draw, dtype=torch.float64)
        fine = torch.rand(count, 3, side, side, generator=draw, dtype=torch.float64)
        smooth = torch.nn.functional.interpolate(coarse, (side, side), mode="bilinear", align_corners=False)
        return (1.3 * (0.7 * smooth + 0.3 * fine) - 0.15).clamp(0, 1)

    return make


@pytest.fixture(scope="session")
def images(make_images: Callable[..., Tensor]) -> Tensor:
    return make_images()
