"""Put a pattern that was made at a working size onto photos of any size."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.models.mark_parts import WORKING_SIZE
from unfind.triggers.spread_spectrum import loudness_of


def working_view(images: Tensor, size: int = WORKING_SIZE) -> Tensor:
    """Photos (N, 3, H, W) squashed to (N, 3, size, size), antialiased: what a mark's networks see of them."""
    if images.shape[-2:] == (size, size):
        return images
    return F.interpolate(images, (size, size), mode="bilinear", antialias=True, align_corners=False)


def lay_on(images: Tensor, patterns: Tensor, strength: float | Tensor) -> Tensor:
    """Add patterns to the luma of photos, louder where a photo is busy and fainter where it is smooth.

    Loudness and pattern are multiplied at the working size and only then enlarged: the cost of the networks does not
    grow with the photo, that of the rest is a few operations for each pixel.

    Args:
        images: (N, 3, H, W) in [0, 1].
        patterns: (N, 1, size, size) with a mean square of 1.
        strength: one for all, or (N, 1, 1, 1); 1 is about 32 dB on a busy photo, half of it 6 dB fainter.

    Returns:
        (N, 3, H, W) in [0, 1].
    """
    loudness = loudness_of(images) * strength
    grid = (loudness.shape[-2], loudness.shape[-1])
    if grid != tuple(patterns.shape[-2:]):
        patterns = F.interpolate(patterns, grid, mode="bilinear", antialias=True, align_corners=False)
    change, size = loudness * patterns, (images.shape[-2], images.shape[-1])
    if size != grid:
        # Cubic, since linear interpolation would take a fifth of the finest gratings away.
        change = F.interpolate(change, size, mode="bicubic", align_corners=False)
    return torch.add(images, change).clamp_(0, 1)
