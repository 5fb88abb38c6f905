"""Non-local means: each pixel becomes the mean of pixels whose surroundings look alike, near or far."""

from __future__ import annotations

from typing import Any

import numpy as np
from skimage.restoration import denoise_nl_means

from unfind.defences.base import ImageFilter, Pixels, check_between

PATCH = 5
"""Side of the surroundings that are compared, in pixels; odd."""
REACH = 6
"""How far away surroundings are looked for, in pixels."""


class NonLocalMeans(ImageFilter):
    """Non-local means (Buades, Coll and Morel 2011; MIP, figure 11), all colours together.

    Args:
        strength: how different surroundings may be and still count, in grey levels of 255; 1 to 100.

    Raises:
        UsageError: another strength.
    """

    name = "nlm"
    knob = "strength"
    curve = (5, 10, 20)

    def __init__(self, *, strength: float = 10) -> None:
        self.strength = check_between(strength, 1, 100, "a strength in grey levels", 10)

    def __call__(self, pixels: Pixels) -> Pixels:
        denoised = denoise_nl_means(
            pixels.astype(np.float64) / 255,
            patch_size=PATCH,
            patch_distance=REACH,
            h=self.strength / 255,
            fast_mode=True,
            channel_axis=2,
        )
        filtered: Pixels = np.rint(255 * np.clip(denoised, 0, 1)).astype(np.uint8)
        return filtered

    def settings(self) -> dict[str, Any]:
        return {"strength": self.strength}
