"""Change the number of pixels: the one resize path for everything a model sees, and plain scaling."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unfind.errors import UsageError
from unfind.images.photo import Pixels, check_pixels


def to_square(pixels: Pixels, size: int) -> Pixels:
    """Squash a picture to a square, antialiased, as a model sees it.

    Bilinear with the filter widened to the step between pixels, the filter ImageNet backbones were trained
    with. The whole picture is read in one pass: reducing huge ones first would be quicker, but would make the
    result depend on where the shortcut sets in.

    Args:
        pixels: uint8 (H, W, 3).
        size: side of the square, in pixels, at least 1.

    Returns:
        uint8 (size, size, 3).

    Raises:
        UsageError: `size` is below 1.
        ImageError: `pixels` are not RGB.
    """
    if size < 1:
        raise UsageError(f"expected a size of at least 1 pixel, got {size}; 224 is a usual choice")
    return to_size(pixels, width=size, height=size, filter=Image.Resampling.BILINEAR)


def reduced(pixels: Pixels, at_least: int) -> Pixels:
    """Make a large picture smaller by averaging whole blocks, before something that looks at it coarsely anyway.

    Row i of n is the mean of the rows from ``i H // n`` to ``(i + 1) H // n``, columns likewise: no copy of the picture
    is made on the way, and whoever writes this again in another language gets the same values.

    Args:
        pixels: uint8 (H, W, 3).
        at_least: neither side becomes shorter than this, and sides below twice this stay as they are.

    Returns:
        uint8, each side at least ``at_least`` and below twice that where it was longer; `pixels` themselves where
        nothing is to be done.

    Raises:
        UsageError: `at_least` is below 1.
        ImageError: `pixels` are not RGB.
    """
    if at_least < 1:
        raise UsageError(f"expected a side of at least 1 pixel, got {at_least}; 256 is a usual choice")
    check_pixels(pixels)
    height, width = pixels.shape[:2]
    rows, columns = (_blocks(side, at_least) for side in (height, width))
    if (len(rows), len(columns)) == (height, width):
        return pixels
    ends = np.append(rows[1:], height)
    sums = np.stack([pixels[a:b].sum(0, dtype=np.uint32) for a, b in zip(rows, ends, strict=True)])
    counts = np.outer(ends - rows, np.diff(columns, append=width))
    means: Pixels = np.rint(np.add.reduceat(sums, columns, axis=1) / counts[:, :, None]).astype(np.uint8)
    return means


def _blocks(side: int, at_least: int) -> NDArray[np.int64]:
    """Where the blocks of one axis begin."""
    count = side // max(1, side // at_least)
    return np.arange(count) * side // count


def scale(pixels: Pixels, factor: float) -> Pixels:
    """Scale both sides of a picture, antialiased (bicubic), as photo editors do.

    Args:
        pixels: uint8 (H, W, 3).
        factor: above 0; 0.5 halves each side. No side becomes shorter than 1 pixel.

    Raises:
        UsageError: `factor` is not a finite number above 0.
        ImageError: `pixels` are not RGB.
    """
    if not (math.isfinite(factor) and factor > 0):
        raise UsageError(f"expected a factor above 0, got {factor}; 0.5 halves each side")
    height, width = (max(1, round(side * factor)) for side in pixels.shape[:2])
    return to_size(pixels, width=width, height=height)


def to_size(pixels: Pixels, *, width: int, height: int, filter: Image.Resampling = Image.Resampling.BICUBIC) -> Pixels:
    """Resample a picture, uint8 (H, W, 3), to exactly `width` x `height` pixels, antialiased."""
    check_pixels(pixels)
    return np.array(Image.fromarray(pixels).resize((width, height), filter))
