"""Bring any mode a decoder hands out down to 8 bits: grey, RGB or CMYK, with the alpha apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unfind.images.photo import Pixels


def eight_bit(image: Image.Image, bit_depth: int) -> tuple[Image.Image, Pixels | None]:
    """Split a decoded picture into 8-bit colour and alpha.

    16-bit samples keep their upper byte: white stays white, black black, and no value moves by more than one
    step. The upper byte is also what Pillow keeps of 16-bit colour, so grey and colour agree.

    Args:
        image: decoded, any mode of JPEG, PNG or WebP.
        bit_depth: bits of a sample in the file, needed to read a colour key.

    Returns:
        A picture of mode L, RGB or CMYK, and uint8 (H, W) alpha, or None when there is no transparency.
    """
    key = image.info.get("transparency")
    match image.mode:
        case "P":
            return _split(image.convert("RGB" if key is None else "RGBA"))
        case "LA" | "RGBA":
            return _split(image)
        case "I;16":
            stored = np.array(image)
            return Image.fromarray((stored >> 8).astype(np.uint8)), _keyed_out(stored, key)
        case "1":
            grey = image.convert("L")  # Pillow has already scaled the key of this mode
            return grey, _keyed_out(np.array(grey), key)
        case "L" | "RGB" if key is not None:
            return image, _keyed_out(np.array(image), _eight_bit_key(key, bit_depth))
    return image, None


def _split(image: Image.Image) -> tuple[Image.Image, Pixels | None]:
    if image.mode not in ("LA", "RGBA"):
        return image, None
    *colour, alpha = image.split()
    return Image.merge(image.mode[:-1], colour), np.array(alpha)


def _eight_bit_key(key: int | tuple[int, ...], bit_depth: int) -> NDArray[np.int64]:
    """Bring the colour that PNG calls transparent from the file's own bit depth to 8 bits, as the samples."""
    stored = np.atleast_1d(np.asarray(key, dtype=np.int64))
    return stored >> 8 if bit_depth == 16 else stored * 255 // (2**bit_depth - 1)


def _keyed_out(samples: NDArray[Any], key: int | NDArray[np.int64] | None) -> Pixels | None:
    """Make alpha: 0 where all samples of a pixel equal the key, else 255; None without a key."""
    if key is None:
        return None
    planes = samples.reshape(*samples.shape[:2], -1)
    return np.where((planes == key).all(axis=2), 0, 255).astype(np.uint8)
