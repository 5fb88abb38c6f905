"""Pictures for a page that carries everything in itself."""

from __future__ import annotations

import base64
import io
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unfind.errors import UsageError

PictureFormat = Literal["jpeg", "png"]


def bytes_uri(data: bytes, media_type: str) -> str:
    """Put a file into a ``data:`` address.

    Args:
        data: The file.
        media_type: Such as "image/jpeg".

    Returns:
        The address.
    """
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"


def data_uri(
    pixels: NDArray[np.uint8], *, size: int | None = None, format: PictureFormat = "jpeg", quality: int = 88
) -> str:
    """Encode a picture into a ``data:`` address.

    Args:
        pixels: uint8 (H, W, 3) RGB or (H, W) grey.
        size: Longest side in pixels; larger pictures are made smaller. None keeps all pixels.
        format: "jpeg" for photos, "png" where each value counts.
        quality: JPEG quality, 1..95.

    Returns:
        The address.

    Raises:
        UsageError: When the format is another one, the size is below 1 or the array is no picture.
    """
    image = Image.fromarray(_checked(pixels))
    if size is not None:
        if size < 1:
            raise UsageError(f"a picture's size is at least 1 pixel, but {size} came; give a larger one")
        image.thumbnail((size, size), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    if format == "jpeg":
        image.save(file, "JPEG", quality=quality)
    elif format == "png":
        image.save(file, "PNG", optimize=True)
    else:
        raise UsageError(f"a picture is written as jpeg or png, but {format!r} came; choose one of the two")
    return bytes_uri(file.getvalue(), f"image/{format}")


def amplified_difference(a: NDArray[np.uint8], b: NDArray[np.uint8], gain: float = 10.0) -> NDArray[np.uint8]:
    """Show where and how much two pictures differ: black is equal, brighter is more different.

    Args:
        a: uint8 (H, W, 3).
        b: uint8, of the same shape.
        gain: Factor on each channel's absolute difference, above 0.

    Returns:
        uint8 of the same shape, `min(255, gain * |a - b|)`, rounded.

    Raises:
        UsageError: When the shapes differ or the gain is not above 0.
    """
    if a.shape != b.shape:
        raise UsageError(
            f"two pictures of one size can be compared, but {a.shape} and {b.shape} came; resize neither, "
            "take the pair before any resizing"
        )
    if not gain > 0:
        raise UsageError(f"the gain must be above 0, but {gain} came; 10 shows faint marks well")
    difference = np.abs(_checked(a).astype(np.float32) - _checked(b).astype(np.float32))
    return np.rint(np.minimum(difference * gain, 255.0)).astype(np.uint8)


def _checked(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    grey_or_rgb = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)
    if pixels.dtype != np.uint8 or not grey_or_rgb or pixels.size == 0:
        raise UsageError(f"a picture is uint8 (H, W, 3) or (H, W), but {pixels.dtype} {pixels.shape} came; convert it")
    return pixels
