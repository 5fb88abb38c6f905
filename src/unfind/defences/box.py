"""The box filter: each pixel becomes the mean of a square neighbourhood."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.ndimage import uniform_filter

from unfind.defences.base import ImageFilter, Pixels, check_odd


class BoxFilter(ImageFilter):
    """Mean over a square, each colour for itself (MIP, figure 11; see ``mean``).

    Args:
        size: side of the square in pixels, odd, 3 to 63.

    Raises:
        UsageError: another size.
    """

    name = "box"
    knob = "size"
    curve = (3, 5, 7)

    def __init__(self, *, size: int = 3) -> None:
        self.size = check_odd(size, self.name)

    def __call__(self, pixels: Pixels) -> Pixels:
        mean = uniform_filter(pixels.astype(np.float64), size=(self.size, self.size, 1), mode="nearest")
        filtered: Pixels = np.rint(mean).astype(np.uint8)
        return filtered

    def settings(self) -> dict[str, Any]:
        return {"size": self.size}
