from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from unfind.images.samples import eight_bit

Png = Callable[..., bytes]


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_8_bit_modes_pass_untouched(mode: str) -> None:
    image = Image.new(mode, (3, 2), 77)
    colour, alpha = eight_bit(image, 8)
    assert (colour.mode, colour.tobytes(), alpha) == (mode, image.tobytes(), None)


def test_16_bit_grey_is_scaled_and_not_clipped(png: Png) -> None:
    stored = np.array([[0, 255, 256, 32_768, 65_279, 65_535]], dtype=">u2")
    colour, alpha = eight_bit(opened(png(6, 1, 16, 0, [stored.tobytes()])), 16)
    exact = stored.astype(np.float64) * 255 / 65_535
    assert colour.mode == "L"
    assert alpha is None
    assert np.abs(np.array(colour) - exact).max() <= 1
    assert (np.array(colour)[0, 0], np.array(colour)[0, -1]) == (0, 255)


def test_16_bit_grey_and_16_bit_colour_agree(png: Png) -> None:
    values = np.random.default_rng(0).integers(0, 65_536, (1, 50)).astype(">u2")
    grey, _ = eight_bit(opened(png(50, 1, 16, 0, [values.tobytes()])), 16)
    colour, _ = eight_bit(opened(png(50, 1, 16, 2, [np.repeat(values[0], 3).tobytes()])), 16)
    np.testing.assert_array_equal(np.array(grey.convert("RGB")), np.array(colour))


def test_16_bit_with_alpha_keeps_both(png: Png) -> None:
    grey_alpha = np.array([[65_535, 0], [256, 65_535]], dtype=">u2")
    colour, alpha = eight_bit(opened(png(2, 1, 16, 4, [grey_alpha.tobytes()])), 16)
    assert np.array(colour.convert("L")).tolist() == [[255, 1]]
    assert alpha is not None
    assert alpha.tolist() == [[0, 255]]


@pytest.mark.parametrize(("mode", "value"), [("LA", (9, 100)), ("RGBA", (1, 2, 3, 100))])
def test_alpha_is_split_off(mode: str, value: tuple[int, ...]) -> None:
    colour, alpha = eight_bit(Image.new(mode, (2, 2), value), 8)
    assert colour.mode == mode[:-1]
    assert alpha is not None
    assert (alpha == 100).all()


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_the_key_of_a_grey_png_is_read_at_its_own_depth(depth: int, png: Png) -> None:
    per_byte = 8 // depth
    levels = np.arange(2**depth)
    padded = np.resize(levels, -(-len(levels) // per_byte) * per_byte)
    packed = bytes(int("".join(f"{v:0{depth}b}" for v in group), 2) for group in padded.reshape(-1, per_byte))
    key = 2**depth - 1
    data = png(len(levels), 1, depth, 0, [packed], extra=((b"tRNS", key.to_bytes(2, "big")),))
    colour, alpha = eight_bit(opened(data), depth)
    assert np.array(colour)[0].tolist() == [int(level) * 255 // key for level in levels]
    assert alpha is not None
    assert np.flatnonzero(alpha[0] == 0).tolist() == [key]


def test_the_key_of_16_bit_grey_is_exact(png: Png) -> None:
    stored = np.array([0x1234, 0x1235], dtype=">u2")
    _, alpha = eight_bit(opened(png(2, 1, 16, 0, [stored.tobytes()], extra=((b"tRNS", b"\x12\x34"),))), 16)
    assert alpha is not None
    assert alpha.tolist() == [[0, 255]]


@pytest.mark.parametrize(("depth", "scale"), [(8, 1), (16, 257)])
def test_the_key_of_a_colour_png_needs_all_three_channels(depth: int, scale: int, png: Png) -> None:
    kind = ">u2" if depth == 16 else "u1"
    row = (np.array([[10, 20, 30], [10, 20, 31]]) * scale).astype(kind).tobytes()
    key = (np.array([10, 20, 30]) * scale).astype(">u2").tobytes()
    _, alpha = eight_bit(opened(png(2, 1, depth, 2, [row], extra=((b"tRNS", key),))), depth)
    assert alpha is not None
    assert alpha.tolist() == [[0, 255]]


@pytest.mark.parametrize(
    ("transparency", "alpha_expected"), [(b"", None), (b"\x00", [0, 255]), (b"\x80\x40", [128, 64])]
)
def test_a_palette_becomes_rgb_with_its_transparency(
    transparency: bytes, alpha_expected: list[int] | None, png: Png
) -> None:
    extra = ((b"PLTE", bytes([1, 2, 3, 4, 5, 6])), *(((b"tRNS", transparency),) if transparency else ()))
    colour, alpha = eight_bit(opened(png(2, 1, 8, 3, [b"\0\1"], extra=extra)), 8)
    assert np.array(colour).tolist() == [[[1, 2, 3], [4, 5, 6]]]
    assert (None if alpha is None else alpha[0].tolist()) == alpha_expected
