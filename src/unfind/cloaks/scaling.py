"""From the size of a model's input to the size of a photo: how a perturbation gets there, and what is left of it.

A model sees a photo of any size as a small square. A perturbation that is made on that square is stretched over the
photo; the model's own resizing then shrinks it back. Both are linear and separable, so what the model will see of a
perturbation P is A P B' with two small matrices, known beforehand: the loop works through them, and what it
finds holds for the photo and not only for the square.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.errors import ImageError, UsageError
from unfind.images.photo import Pixels


class Scaling:
    """What a model sees of perturbations that are stretched over photos.

    Args:
        sizes: height and width of each photo, in pixels.
        side: of the model's square input; no photo may be smaller.

    Raises:
        ImageError: a photo is smaller than the model's input, so that no perturbation could be kept in it.
    """

    def __init__(self, sizes: Sequence[tuple[int, int]], side: int) -> None:
        for height, width in sizes:
            check_size(height, width, side)
        self.rows = torch.stack([_there_and_back(height, side) for height, _ in sizes])
        self.columns = torch.stack([_there_and_back(width, side) for _, width in sizes])

    def __call__(self, perturbation: Tensor, which: Tensor) -> Tensor:
        """Perturbations (n, 3, side, side) of the photos at positions ``which`` (n,), as the model sees them."""
        place = which.to(self.rows.device)
        rows, columns = self.rows[place].to(perturbation), self.columns[place].to(perturbation)
        return rows[:, None] @ perturbation @ columns[:, None].transpose(-1, -2)


def check_size(height: int, width: int, side: int) -> None:
    """Raise ImageError where a photo of that size cannot hold a perturbation of a model with input ``side``."""
    if min(height, width) < side:
        raise ImageError(
            f"Expected a photo of at least {side} x {side} pixels, the model's input, got {width} x {height}: "
            "take a larger copy."
        )


def stretched(pixels: Pixels, perturbation: Tensor, budget: float, *, seed: int = 0) -> Pixels:
    """Put a perturbation into a photo.

    A change of less than one level would be rounded away all over a large photo. There each pixel is rounded up or
    down at random, so that the mean over a neighbourhood, which is what the model sees, stays what it was.

    Args:
        pixels: uint8 (H, W, 3).
        perturbation: (3, side, side), in pixel values of 0..1.
        budget: largest change of a pixel; kept to the level also after rounding.
        seed: of that rounding.

    Raises:
        UsageError: a budget of less than one of 255 levels, which no 8-bit photo can hold.
    """
    most = int(budget * 255 + 1e-6)
    if most < 1:
        raise UsageError(f"Expected a budget of at least 1/255 for a photo, got {budget:g}: 0.01 is usual.")
    size = (pixels.shape[0], pixels.shape[1])
    large = F.interpolate(perturbation[None].float(), size, mode="bilinear", align_corners=False)[0]
    change = large.permute(1, 2, 0).cpu().numpy() * np.float32(255)
    enlarged = size != tuple(perturbation.shape[-2:])
    threshold = np.random.default_rng(seed).random(change.shape, dtype=np.float32) if enlarged else np.float32(0.5)
    levels = np.clip(np.floor(change + threshold), -most, most).astype(np.int16)
    changed: Pixels = np.clip(pixels + levels, 0, 255).astype(np.uint8)
    return changed


@functools.lru_cache(maxsize=256)
def _there_and_back(length: int, side: int) -> Tensor:
    """Stretch ``side`` values over ``length`` pixels and shrink them again, as a matrix (side, side)."""
    with torch.inference_mode(
        False
    ):  # a tensor made in inference mode, and kept, could never be differentiated through
        stretch = F.interpolate(torch.eye(side)[None, None], (length, side), mode="bilinear", align_corners=False)
        back = F.interpolate(stretch, (side, side), mode="bilinear", antialias=True, align_corners=False)
    return back[0, 0]
