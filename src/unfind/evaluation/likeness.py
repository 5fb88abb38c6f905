"""PSNR and SSIM of one photo and its changed copy, at a cost that a phone's photo can bear.

``stealth`` takes the same measures for tables, with scikit-image, in double precision and whole. A photo of 12
megapixels takes it seconds and gigabytes; here PSNR is summed in strips, and SSIM is taken from tiles where a photo is
large. For smaller photos both are the same numbers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unfind.errors import EvaluationError

Pixels = NDArray[np.uint8]

WHOLE = 1_000_000
"""Photos of up to so many pixels are measured whole."""
TILES, TILE = 4, 192
"""Of larger ones 4 x 4 tiles of 192 x 192 pixels are, evenly spread."""
ROWS = 64
"""Rows of a strip: its differences stay in the processor's cache."""
WINDOW = 7
SMALLEST_WINDOW = 3
"""The smallest odd window in which a variance means anything; smaller photos have no SSIM."""
MAX_PSNR = 130.0
"""In place of the infinity of identical photos; one level in one colour of a 12-megapixel photo is 124 dB."""


def likeness(original: Pixels, changed: Pixels) -> dict[str, float]:
    """Compare one photo with its changed copy.

    Args:
        original, changed: uint8 (H, W, 3) of one size.

    Returns:
        "psnr" in dB up to MAX_PSNR, and "ssim", -1..1, which is left out where a side is below 3 pixels.

    Raises:
        EvaluationError: not 8-bit RGB, or of two sizes.
    """
    if original.shape != changed.shape or original.ndim != 3 or not original.dtype == changed.dtype == np.uint8:
        raise EvaluationError(
            f"Expected two 8-bit RGB photos of one size, got {original.dtype} {original.shape} and {changed.dtype} "
            f"{changed.shape}: compare before resizing."
        )
    found = {"psnr": _psnr(original, changed)}
    if min(original.shape[:2]) >= SMALLEST_WINDOW:
        parts = _tiles(original.shape[0], original.shape[1])
        found["ssim"] = float(np.mean([_ssim(original[part], changed[part]) for part in parts]))
    return found


def _psnr(original: Pixels, changed: Pixels) -> float:
    total = 0
    for start in range(0, len(original), ROWS):
        part = slice(start, start + ROWS)
        difference = (original[part].astype(np.int16) - changed[part]).ravel().astype(np.float32)
        total += int(np.dot(difference, difference))
    return MAX_PSNR if total == 0 else min(MAX_PSNR, float(10 * np.log10(255**2 * original.size / total)))


def _tiles(height: int, width: int) -> list[tuple[slice, slice]]:
    if height * width <= WHOLE:
        return [(slice(None), slice(None))]
    rows, columns = (
        [slice(start, start + TILE) for start in np.linspace(0, max(0, side - TILE), TILES).astype(int)]
        for side in (height, width)
    )
    return [(row, column) for row in rows for column in columns]


def _ssim(original: Pixels, changed: Pixels) -> float:
    """The mean over windows and colours (Wang et al. 2004, eq. 13), all windows alike, sample covariances."""
    side = min(WINDOW, min(original.shape[:2]) - (min(original.shape[:2]) + 1) % 2)
    # Whole numbers: sums of a window are exact, and a variance is no difference of rounded values.
    a, b = original.astype(np.int32), changed.astype(np.int32)
    count = side * side
    sums = [_windows(values, side).astype(np.float64) for values in (a, b, a * a, b * b, a * b)]
    mean_a, mean_b, square_a, square_b, product = (total / count for total in sums)
    sample = count / (count - 1)
    variances = sample * (square_a - mean_a**2 + square_b - mean_b**2)
    covariance = sample * (product - mean_a * mean_b)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    above = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    return float((above / ((mean_a**2 + mean_b**2 + c1) * (variances + c2))).mean())


def _windows(values: NDArray[np.int32], side: int) -> NDArray[np.int32]:
    """The sum over each whole window of ``side`` x ``side``, (H - side + 1, W - side + 1, 3)."""
    for axis in (0, 1):
        places = values.shape[axis] - side + 1
        along = values.swapaxes(0, axis)
        total = along[:places].copy()
        for start in range(1, side):
            total += along[start : start + places]
        values = total.swapaxes(0, axis)
    return values
