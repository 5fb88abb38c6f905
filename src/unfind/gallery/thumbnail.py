"""The small picture that a gallery keeps of each photo."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

THUMBNAIL_SIDE = 160
"""Enough to recognise a photo on a contact sheet; about 6 kB each, 6 GB for a million photos."""


def thumbnail(pixels: NDArray[np.uint8], *, side: int = THUMBNAIL_SIDE, quality: int = 80) -> bytes:
    """Make a small JPEG without any of the photo's metadata.

    Args:
        pixels: uint8 (H, W, 3) sRGB, upright.
        side: Longest side of the result in pixels; smaller photos keep their size.
        quality: JPEG quality, 1..95.

    Returns:
        A JPEG file.
    """
    image = Image.fromarray(pixels)
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()
