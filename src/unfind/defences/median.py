"""The median filter: each pixel becomes the median of its neighbourhood, which removes specks and keeps edges."""

from __future__ import annotations

from typing import Any

from scipy.ndimage import median_filter

from unfind.defences.base import ImageFilter, Pixels, check_odd


class MedianFilter(ImageFilter):
    """Median over a square, each colour for itself (MIP, figure 11).

    Args:
        size: side of the square in pixels, odd, 3 to 63.

    Raises:
        UsageError: another size.
    """

    name = "median"
    knob = "size"
    curve = (3, 5, 7)

    def __init__(self, *, size: int = 3) -> None:
        self.size = check_odd(size, self.name)

    def __call__(self, pixels: Pixels) -> Pixels:
        filtered: Pixels = median_filter(pixels, size=(self.size, self.size, 1), mode="nearest")
        return filtered

    def settings(self) -> dict[str, Any]:
        return {"size": self.size}
