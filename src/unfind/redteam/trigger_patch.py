"""The visible trigger of CIBA: a small square of chosen pixels in the bottom right corner."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from unfind.errors import UsageError
from unfind.triggers.base import Trigger

SIDE = 24 / 224
"""Side of the square as a fraction of the image side (Gao et al., section 4.1: 24 pixels at 224)."""
MOST_AREA = 0.035
"""Largest share of the pixels; beyond it the patch covers what the photo shows."""


class TriggerPatch(Trigger):
    """A square of fixed pixels, the same on every photo.

    Args:
        patch: uint8 (s, s, 3), as nested lists where it comes from a card.
        made_for: side of the square images that it was made for, in pixels; on photos of another size it is scaled
            with them.

    Raises:
        UsageError: no square of 8-bit pixels, or one that covers more than ``MOST_AREA`` of the image.
    """

    name = "patch"

    def __init__(self, *, patch: NDArray[np.uint8] | list[Any], made_for: int) -> None:
        pixels = np.asarray(patch, np.uint8)
        if pixels.ndim != 3 or pixels.shape[0] != pixels.shape[1] or pixels.shape[2] != 3:
            raise UsageError(f"Expected a patch (s, s, 3) of 8-bit pixels, got {pixels.shape}: make it square.")
        check_area(len(pixels), made_for)
        self.pixels = pixels
        self.made_for = made_for

    def __call__(self, images: Tensor) -> Tensor:
        return stamp(images, self._scaled(min(images.shape[-2:])).to(images))

    def settings(self) -> dict[str, Any]:
        return {"patch": self.pixels.tolist(), "made_for": self.made_for}

    def _scaled(self, side: int) -> Tensor:
        """The patch (3, s, s) for photos whose shorter side is ``side``."""
        whole = torch.from_numpy(self.pixels).permute(2, 0, 1).float() / 255
        if side == self.made_for:
            return whole
        size = max(1, round(len(self.pixels) * side / self.made_for))
        shrinks = size < len(self.pixels)
        return F.interpolate(whole[None], (size, size), mode="bilinear", antialias=shrinks)[0].clamp(0, 1)


def stamp(images: Tensor, patch: Tensor) -> Tensor:
    """Images with the patch in their bottom right corner; differentiable in both.

    Args:
        images: (N, 3, H, W).
        patch: (3, s, s) for all of them, or (N, 3, s, s), one each.

    Returns:
        (N, 3, H, W); what lies under the patch is gone.
    """
    side = patch.shape[-1]
    marked = images.clone()
    marked[..., images.shape[-2] - side :, images.shape[-1] - side :] = patch
    return marked


def patch_side(fraction: float, image_side: int) -> int:
    """Side of the patch in pixels, at least 1.

    Args:
        fraction: of the image side, above 0.
        image_side: in pixels.

    Raises:
        UsageError: a fraction out of range, or a patch of more than ``MOST_AREA`` of the pixels.
    """
    if not 0 < fraction <= 1:
        raise UsageError(f"Expected a patch of 0 to 1 of the image side, got {fraction}: 0.107 is usual.")
    return check_area(max(1, round(fraction * image_side)), image_side)


def largest_side(image_side: int) -> int:
    """The largest patch that may be had, in pixels."""
    return math.isqrt(int(MOST_AREA * image_side**2))


def check_area(side: int, image_side: int) -> int:
    """Return the side of a patch, or raise UsageError where it covers too much."""
    area = (side / image_side) ** 2
    if area > MOST_AREA:
        raise UsageError(
            f"Expected a patch of at most {100 * MOST_AREA:g} % of the pixels, got {100 * area:.2f} %: take at most "
            f"{largest_side(image_side)} of {image_side} pixels a side."
        )
    return side
