"""The Gaussian filter: each pixel becomes a mean that trusts near neighbours most."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from unfind.defences.base import ImageFilter, Pixels, check_between


class GaussianFilter(ImageFilter):
    """Gaussian blur, each colour for itself (MIP, figure 11).

    Args:
        sigma: standard deviation in pixels, 0.1 to 20.

    Raises:
        UsageError: another deviation.
    """

    name = "gaussian"
    knob = "sigma"
    curve = (0.5, 1.0, 2.0)

    def __init__(self, *, sigma: float = 1.0) -> None:
        self.sigma = check_between(sigma, 0.1, 20, "a standard deviation in pixels", 1)

    def __call__(self, pixels: Pixels) -> Pixels:
        blurred = gaussian_filter(pixels.astype(np.float64), (self.sigma, self.sigma, 0), mode="nearest")
        filtered: Pixels = np.rint(blurred).astype(np.uint8)
        return filtered

    def settings(self) -> dict[str, Any]:
        return {"sigma": self.sigma}
