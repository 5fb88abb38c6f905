"""What can be done to a photo in the hope that its mark goes and what it shows stays."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import faiss
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unfind.defences.gaussian import GaussianFilter
from unfind.defences.median import MedianFilter
from unfind.defences.nlm import NonLocalMeans
from unfind.errors import UsageError
from unfind.images.edits import jpeg
from unfind.images.resize import to_size

Pixels = NDArray[np.uint8]
Wash = Callable[[Pixels], Pixels]
TILE = 4
"""Side of a tile, in pixels: smaller than what a photo shows, about as large as a wave of the mark."""
TILES = 4000
"""In a mosaic's box. More make it truer to the photo, and to its mark."""


def resized(pixels: Pixels, factor: float) -> Pixels:
    """Make a photo smaller and bring it back to its size."""
    height, width = pixels.shape[:2]
    small = to_size(pixels, width=max(1, round(width * factor)), height=max(1, round(height * factor)))
    return to_size(small, width=width, height=height)


def pixelated(pixels: Pixels, side: int) -> Pixels:
    """Means of square blocks, brought back to size smoothly."""
    height, width = pixels.shape[:2]
    blocks = to_size(pixels, width=-(-width // side), height=-(-height // side), filter=Image.Resampling.BOX)
    return to_size(blocks, width=width, height=height)


class TileMosaic:
    """Lay a photo anew out of tiles of clean photos: purification without diffusion.

    What no clean photo holds cannot be laid. Two layers, half a tile apart, are averaged, so that no seams are seen.

    Args:
        clean: uint8 (N, H, W, 3) photos without the mark; tiles are drawn from all of them.
        side: of a tile, in pixels.
        tiles: how many to draw.
        seed: of the draw.

    Raises:
        UsageError: no photos, or photos smaller than a tile.
    """

    def __init__(self, clean: Pixels, *, side: int = TILE, tiles: int = TILES, seed: int = 0) -> None:
        if clean.ndim != 4 or not len(clean) or min(clean.shape[1:3]) < side:
            raise UsageError(f"Expected clean photos (N, H, W, 3) of at least {side} pixels, got {clean.shape}.")
        random = np.random.default_rng(seed)
        photo = random.integers(0, len(clean), tiles)
        top = random.integers(0, clean.shape[1] - side + 1, tiles)
        left = random.integers(0, clean.shape[2] - side + 1, tiles)
        self.side = side
        self.box = np.stack([clean[n, y : y + side, x : x + side] for n, y, x in zip(photo, top, left, strict=True)])
        self.index = faiss.IndexFlatL2(3 * side * side)
        self.index.add(self.box.reshape(tiles, -1).astype(np.float32))

    def __call__(self, pixels: Pixels) -> Pixels:
        """Lay one photo, uint8 (H, W, 3)."""
        layers = [self._layer(pixels, shift) for shift in (0, self.side // 2)]
        mean: Pixels = np.rint(np.mean(layers, axis=0)).astype(np.uint8)
        return mean

    def _layer(self, pixels: Pixels, shift: int) -> Pixels:
        side, (height, width) = self.side, pixels.shape[:2]
        edges = [(shift, -(size + shift) % side) for size in (height, width)]
        padded = np.pad(pixels, (*edges, (0, 0)), mode="edge")
        down, across = padded.shape[0] // side, padded.shape[1] // side
        cut = padded.reshape(down, side, across, side, 3).transpose(0, 2, 1, 3, 4).reshape(down * across, -1)
        nearest = self.index.search(cut.astype(np.float32), 1)[1][:, 0]
        laid = self.box[nearest].reshape(down, across, side, side, 3).transpose(0, 2, 1, 3, 4).reshape(padded.shape)
        return laid[shift : shift + height, shift : shift + width]


WASHES: dict[str, Wash] = {
    "jpeg 75": partial(jpeg, quality=75),
    "jpeg 40": partial(jpeg, quality=40),
    "half size and back": partial(resized, factor=0.5),
    "gaussian blur": GaussianFilter(sigma=1.0),
    "median 3": MedianFilter(size=3),
    "non-local means": NonLocalMeans(strength=10),
    "pixelate 3": partial(pixelated, side=3),
}
"""Photo to photo of the same size, none of which needs anything but the photo."""


def washed(wash: Wash, photos: Pixels) -> Pixels:
    """One wash over many photos (N, H, W, 3), in parallel."""
    with ThreadPoolExecutor() as pool:
        return np.stack(list(pool.map(wash, photos)))
