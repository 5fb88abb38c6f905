"""Plane waves on whole photos, a few rows at a time: a photo of 12 megapixels is never held as floats.

Within rounding the same as ``SpreadSpectrum`` on tensors, whose gradients photos from files do not need.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unfind.images.photo import Pixels
from unfind.triggers.apply_change import add_rows
from unfind.triggers.spread_spectrum import CONTRAST_GRID, SpreadSpectrum, loudness_on

Floats = NDArray[np.float32]
_COLOURS = np.array([0.299, 0.587, 0.114])


def mark_photo(trigger: SpreadSpectrum, pixels: Pixels) -> Pixels:
    """Put the trigger's mark into one photo (H, W, 3) of 8-bit RGB."""
    height, width = pixels.shape[:2]
    loudness = loudness_on(grid_luma(pixels))[0, 0].numpy() * np.float32(255 * trigger.strength)
    louder = between(height, loudness.shape[0])
    wide = loudness @ between(width, loudness.shape[1]).T
    down, across = (factor.numpy() for factor in trigger.waves.factors(height, width))
    return add_rows(pixels, lambda rows: (louder[rows] @ wide) * (down[rows] @ across.T))


def grid_luma(pixels: Pixels) -> Tensor:
    """The luma of a photo (H, W, 3) as means over at most 128 x 128 cells, (1, 1, g, g) in [0, 1]."""
    height, width = pixels.shape[:2]
    rows, columns = _cells(height), _cells(width)
    grid = np.empty((len(rows), len(columns)), np.float32)
    for place, (top, bottom) in enumerate(rows):
        # Whole numbers up to here, so that nothing depends on the order of additions.
        sums = pixels[top:bottom].sum(0, dtype=np.uint32)
        ahead = np.concatenate([[0.0], np.cumsum(sums @ _COLOURS)])
        grid[place] = (ahead[columns[:, 1]] - ahead[columns[:, 0]]) / (bottom - top)
    return torch.from_numpy(grid / (columns[:, 1] - columns[:, 0]).astype(np.float32) / 255)[None, None]


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
