"""A heatmap laid over a picture."""

from __future__ import annotations

import matplotlib
import numpy as np
from numpy.typing import NDArray

from unfind.errors import UsageError

SHARE = 0.5
"""Of the picture that shows through."""
LEAST = 1e-12
"""A heatmap that is lower than this everywhere is cold."""


def overlaid(pixels: NDArray[np.uint8], heat: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Lay a heatmap over a picture: warm where it is high.

    Args:
        pixels: uint8 (H, W, 3).
        heat: (H, W), at least 0; scaled so that its highest value is the warmest.

    Returns:
        uint8 (H, W, 3).

    Raises:
        UsageError: a heatmap of another size.
    """
    if heat.shape != pixels.shape[:2]:
        raise UsageError(f"a heatmap needs the picture's size {pixels.shape[:2]}, but {heat.shape} came; resize it")
    scaled = heat / max(float(heat.max()), LEAST)
    warm = matplotlib.colormaps["inferno"](scaled)[..., :3] * 255
    laid: NDArray[np.uint8] = np.rint(SHARE * pixels + (1 - SHARE) * warm).astype(np.uint8)
    return laid
