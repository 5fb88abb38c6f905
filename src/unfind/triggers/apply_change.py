"""Add a change that was made on a small grid to a photo of any size, a few rows at a time.

NumPy alone: the same for every engine that makes the change, and a photo of 48 megapixels costs no more memory than
its own copy.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from unfind.images.photo import Pixels

ROWS = 32
"""Rows that are enlarged at once: their changes stay in the processor's cache."""
_SHARPNESS = -0.75
"""Of the cubic kernel (Keys 1981, a): as torch and ONNX have it. It keeps 5 % more of the finest gratings than -0.5."""

Weights = NDArray[np.float32]


def apply_change(pixels: Pixels, change: NDArray[np.float32], strength: float = 1.0) -> Pixels:
    """Enlarge a change and add it to all three colours.

    Args:
        pixels: uint8 (H, W, 3).
        change: (rows, columns), 1 being the whole range of a colour.
        strength: what the change is multiplied with.

    Returns:
        uint8 (H, W, 3).
    """
    height, width = pixels.shape[:2]
    down, across = (stretch(side, grid) for side, grid in zip((height, width), change.shape, strict=True))
    wide: Weights = (change @ across.T * (255 * strength)).astype(np.float32)
    return add_rows(pixels, lambda rows: down[rows] @ wide)


def add_rows(pixels: Pixels, levels: Callable[[slice], Weights]) -> Pixels:
    """Add a change to all three colours, a few rows at a time.

    Args:
        pixels: uint8 (H, W, 3).
        levels: says for rows what to add there, (rows, W), in levels of 255.

    Returns:
        uint8 (H, W, 3).
    """
    marked = np.empty_like(pixels)
    for start in range(0, len(pixels), ROWS):
        part = slice(start, start + ROWS)
        changed = pixels[part] + np.rint(levels(part)).astype(np.int16)[..., None]
        marked[part] = np.clip(changed, 0, 255, out=changed)
    return marked


def stretch(side: int, grid: int) -> Weights:
    """What each of ``side`` pixels takes of each of ``grid`` values, (side, grid); every row sums to 1.

    Cubic where there are more pixels than values, since linear interpolation would take a fifth of the finest gratings
    away; else a mean weighted with a triangle that reaches as far as the step between pixels.
    """
    places = (np.arange(side) + 0.5) * grid / side - 0.5
    if side < grid:
        reach = grid / side
        weights = np.clip(1 - np.abs(places[:, None] - np.arange(grid)) / reach, 0, None)
        weights /= weights.sum(1, keepdims=True)
        return weights.astype(np.float32)
    weights = np.zeros((side, grid))
    first = np.floor(places).astype(int)
    for tap in range(-1, 3):
        # What lies beyond the edge is the edge.
        column = np.clip(first + tap, 0, grid - 1)
        np.add.at(weights, (np.arange(side), column), _cubic(places - first - tap))
    return weights.astype(np.float32)


def _cubic(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    far, a = np.abs(distance), _SHARPNESS
    near = ((a + 2) * far - (a + 3)) * far * far + 1
    beyond = np.where(far < 2, a * (((far - 5) * far + 8) * far - 4), 0.0)
    height: NDArray[np.float64] = np.where(far <= 1, near, beyond)
    return height
