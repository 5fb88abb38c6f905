"""The visible trigger of CIBA: a few chosen pixels, a square or nearly, in the bottom right corner."""

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
    """A rectangle of fixed pixels, the same on every photo.

    Args:
        patch: uint8 (h, w, 3), as nested lists where it comes from a card.
        made_for: side of the square images that it was made for, in pixels; on photos of another size it is scaled
            with them.

    Raises:
        UsageError: no rectangle of 8-bit pixels, or one that covers more than ``MOST_AREA`` of the image.
    """

    name = "patch"

    def __init__(self, *, patch: NDArray[np.uint8] | list[Any], made_for: int) -> None:
        pixels = np.asarray(patch, np.uint8)
        if pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
            raise UsageError(f"Expected a patch (h, w, 3) of 8-bit pixels, got {pixels.shape}: give a picture.")
        check_area(pixels.shape[0], pixels.shape[1], made_for)
        self.pixels = pixels
        self.made_for = made_for

    def __call__(self, images: Tensor) -> Tensor:
        return stamp(images, self._scaled(min(images.shape[-2:])).to(images))

    def settings(self) -> dict[str, Any]:
        return {"patch": self.pixels.tolist(), "made_for": self.made_for}

    def _scaled(self, side: int) -> Tensor:
        """The patch (3, h, w) for photos whose shorter side is ``side``."""
        whole = torch.from_numpy(self.pixels).permute(2, 0, 1).float() / 255
        if side == self.made_for:
            return whole
        height, width = (max(1, round(length * side / self.made_for)) for length in self.pixels.shape[:2])
        shrinks = side < self.made_for
        return F.interpolate(whole[None], (height, width), mode="bilinear", antialias=shrinks)[0].clamp(0, 1)


def stamp(images: Tensor, patch: Tensor) -> Tensor:
    """Images with the patch in their bottom right corner; differentiable in both.

    Args:
        images: (N, 3, H, W).
        patch: (3, h, w) for all of them, or (N, 3, h, w), one each.

    Returns:
        (N, 3, H, W); what lies under the patch is gone.
    """
    height, width = patch.shape[-2:]
    marked = images.clone()
    marked[..., images.shape[-2] - height :, images.shape[-1] - width :] = patch
    return marked


def patch_shape(fraction: float, image_side: int, stretch: float = 1.0) -> tuple[int, int]:
    """Height and width of the patch in pixels, each at least 1.

    Args:
        fraction: height, of the image side, above 0.
        image_side: in pixels.
        stretch: width over height, above 0.

    Raises:
        UsageError: a number out of range, or a patch of more than ``MOST_AREA`` of the pixels.
    """
    if not 0 < fraction <= 1:
        raise UsageError(f"Expected a patch of 0 to 1 of the image side, got {fraction}: 0.107 is usual.")
    if not 0 < stretch <= 1 / fraction:
        raise UsageError(f"Expected a width that fits the image, got {stretch} times the height: 1 is a square.")
    height, width = (max(1, round(part * image_side)) for part in (fraction, stretch * fraction))
    check_area(height, width, image_side)
    return height, width


def largest_side(image_side: int) -> int:
    """Side of the largest square that may be had, in pixels."""
    return math.isqrt(int(MOST_AREA * image_side**2))


def check_area(height: int, width: int, image_side: int) -> None:
    """Raise UsageError where a patch covers too much of a square image."""
    area = height * width / image_side**2
    if area > MOST_AREA:
        raise UsageError(
            f"Expected a patch of at most {100 * MOST_AREA:g} % of the pixels, got {100 * area:.2f} %: take at most "
            f"{largest_side(image_side)} of {image_side} pixels a side."
        )
