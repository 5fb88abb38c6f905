"""Plane waves on whole photos, in NumPy and a few rows at a time: 12 megapixels are never held as floats.

Within rounding the same as ``SpreadSpectrum`` on tensors, whose gradients photos from files do not need.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unfind.images.photo import Pixels
from unfind.triggers.apply_change import add_rows
from unfind.triggers.carriers import Carriers

CONTRAST_GRID = 128
"""Side of the grid on which local contrast is measured, whatever the photo's size."""
WINDOW = 9
"""Cells a side of the window in which contrast is measured."""
Floats = NDArray[np.float32]
_COLOURS = np.array([0.299, 0.587, 0.114])


def mark_photo(waves: Carriers, pixels: Pixels, strength: float) -> Pixels:
    """Put a key's waves, of a strength, into one photo (H, W, 3) of 8-bit RGB."""
    height, width = pixels.shape[:2]
    loudness = loudness_on(grid_luma(pixels)) * np.float32(255 * strength)
    louder = between(height, loudness.shape[0])
    wide = loudness @ between(width, loudness.shape[1]).T
    down, across = waves.factors(height, width)
    return add_rows(pixels, lambda rows: (louder[rows] @ wide) * (down[rows] @ across.T))


def heard_in(pixels: Pixels, strength: float) -> Floats:
    """What a detector listens to in a photo, (g, g): fine detail over the loudness a mark has there, pressed down."""
    grey = grid_luma(pixels)
    found: Floats = np.tanh((grey - _window_mean(grey)) / (2 * strength * loudness_on(grey)))
    return found


def loudness_on(grey: Floats) -> Floats:
    """How strong a mark may be at each place of a small luma (g, g): ``min(0.012 + 0.25 c, 0.06)``, see
    ``spread_spectrum.loudness_of``."""
    contrast = _window_mean(np.abs(grey - _window_mean(grey)))
    loudness: Floats = np.minimum(0.012 + 0.25 * contrast, 0.06).astype(np.float32)
    return loudness


def grid_luma(pixels: Pixels) -> Floats:
    """The luma of a photo (H, W, 3) as means over at most 128 x 128 cells, (g, g) in [0, 1]."""
    height, width = pixels.shape[:2]
    rows, columns = _cells(height), _cells(width)
    grid = np.empty((len(rows), len(columns)))
    for place, (top, bottom) in enumerate(rows):
        # Whole numbers up to here, so that nothing depends on the order of additions.
        sums = pixels[top:bottom].sum(0, dtype=np.uint32)
        ahead = np.concatenate([[0.0], np.cumsum(sums @ _COLOURS)])
        grid[place] = (ahead[columns[:, 1]] - ahead[columns[:, 0]]) / (bottom - top)
    return (grid / (columns[:, 1] - columns[:, 0]) / 255).astype(np.float32)


def between(side: int, grid: int) -> Floats:
    """What each of ``side`` pixels takes of each of ``grid`` values, (side, grid): linear between their centres."""
    places = np.clip((np.arange(side) + 0.5) * grid / side - 0.5, 0, grid - 1)
    first = np.floor(places).astype(int)
    weights = np.zeros((side, grid))
    np.add.at(weights, (np.arange(side), first), 1 - (places - first))
    np.add.at(weights, (np.arange(side), np.minimum(first + 1, grid - 1)), places - first)
    return weights.astype(np.float32)


def _cells(side: int) -> NDArray[np.int64]:
    """Where each cell of an axis begins and ends, (g, 2); neighbours share a pixel that lies between them."""
    grid = min(CONTRAST_GRID, side)
    steps = np.arange(grid)
    return np.stack([steps * side // grid, -(-(steps + 1) * side // grid)], axis=1)


def _window_mean(values: Floats) -> Floats:
    """The mean over WINDOW x WINDOW cells around each, the edge going on beyond itself."""
    padded = np.pad(values.astype(np.float64), WINDOW // 2, mode="edge")
    for axis in (0, 1):
        sums = np.cumsum(np.insert(padded, 0, 0.0, axis), axis)
        ahead, behind = (np.take(sums, np.arange(n, n + values.shape[axis]), axis) for n in (WINDOW, 0))
        padded = (ahead - behind) / WINDOW
    return padded.astype(np.float32)
