"""Put a pattern that was made at a working size onto photos of any size, so that gradients pass.

Photos in files go the same way in NumPy (``apply_change``).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.models.mark_parts import WORKING_SIZE
from unfind.triggers.mark_loudness import mark_loudness


def working_view(images: Tensor, size: int = WORKING_SIZE) -> Tensor:
    """Photos (N, 3, H, W) squashed to (N, 3, size, size), antialiased: what a mark's networks see of them."""
    if images.shape[-2:] == (size, size):
        return images
    return F.interpolate(images, (size, size), mode="bilinear", antialias=True, align_corners=False)


def change_of(views: Tensor, patterns: Tensor) -> Tensor:
    """What a mark of strength 1 adds, (N, 1, size, size): its pattern, louder where the photo is busy.

    Args:
        views: photos at the working size.
        patterns: (N, 1, size, size) with a mean square of 1.
    """
    return mark_loudness(views) * patterns


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
    change = change_of(working_view(images), patterns) * strength
    return torch.add(images, _stretched(change, images.shape[-2], images.shape[-1])).clamp_(0, 1)


def _stretched(change: Tensor, height: int, width: int) -> Tensor:
    """A change at the size of the photos: a mean along sides that shrink, cubic along those that grow."""
    least = (min(height, change.shape[-2]), min(width, change.shape[-1]))
    if least != tuple(change.shape[-2:]):
        change = F.interpolate(change, least, mode="bilinear", antialias=True, align_corners=False)
    if least != (height, width):
        # Cubic, since linear interpolation would take a fifth of the finest gratings away.
        change = F.interpolate(change, (height, width), mode="bicubic", align_corners=False)
    return change
