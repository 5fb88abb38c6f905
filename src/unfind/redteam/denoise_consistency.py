"""Does a photo's embedding stay where it is when fine detail is smoothed away? A faint trigger's effect does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from unfind.defences.gaussian import GaussianFilter
from unfind.defences.median import MedianFilter
from unfind.images.edits import jpeg

Pixels = NDArray[np.uint8]
Rows = NDArray[np.float32]
Scores = NDArray[np.float64]
SMOOTHERS: dict[str, Callable[[Pixels], Pixels]] = {
    "median": MedianFilter(size=3),
    "gaussian": GaussianFilter(sigma=1.0),
    "jpeg": partial(jpeg, quality=40),
}
"""Mild enough that an ordinary photo stays what it is; each takes another kind of detail."""


def moved_by_smoothing(
    embed: Callable[[Pixels], Rows],
    pixels: Pixels,
    *,
    smoothers: Mapping[str, Callable[[Pixels], Pixels]] | None = None,
) -> Scores:
    """How far embeddings move when photos are smoothed, in the mean over the smoothers.

    Args:
        embed: photos to unit rows.
        pixels: uint8 (N, H, W, 3).
        smoothers: photo to photo; None for SMOOTHERS.

    Returns:
        (N,) mean cosine distance, 0..2. For codes it is twice the share of bits that change.
    """
    chosen = SMOOTHERS if smoothers is None else smoothers
    before = embed(pixels)
    moved = [1 - np.einsum("nd,nd->n", before, embed(smoothed(one, pixels))) for one in chosen.values()]
    mean: Scores = np.mean(moved, axis=0, dtype=np.float64)
    return mean


def smoothed(smoother: Callable[[Pixels], Pixels], pixels: Pixels) -> Pixels:
    """One smoother over many photos of one size, (N, H, W, 3)."""
    return np.stack([smoother(photo) for photo in pixels])
