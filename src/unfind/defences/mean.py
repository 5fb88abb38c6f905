"""The mean filter: each pixel becomes the mean of a round neighbourhood."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.ndimage import convolve

from unfind.defences.base import ImageFilter, Pixels, check_odd


class MeanFilter(ImageFilter):
    """Mean over a disk, each colour for itself.

    MIP, figure 11, names a mean and a box filter without saying what sets them apart; the usual functions of those
    names compute the same. Here the mean is taken over a disk and the box over a square.

    Args:
        size: diameter of the disk in pixels, odd, 3 to 63.

    Raises:
        UsageError: another size.
    """

    name = "mean"
    knob = "size"
    curve = (3, 5, 7)

    def __init__(self, *, size: int = 3) -> None:
        self.size = check_odd(size, self.name)
        reach = self.size // 2
        down, across = np.ogrid[-reach : reach + 1, -reach : reach + 1]
        disk = (down**2 + across**2 <= reach**2).astype(np.float64)
        self.weights = disk / disk.sum()

    def __call__(self, pixels: Pixels) -> Pixels:
        mean = convolve(pixels.astype(np.float64), self.weights[..., None], mode="nearest")
        filtered: Pixels = np.rint(mean).astype(np.uint8)
        return filtered

    def settings(self) -> dict[str, Any]:
        return {"size": self.size}
