"""How loud a learned mark may be at each place of a photo: hardly at all where the photo is calm."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.triggers.spread_spectrum import loudness_of, luma

LEAST = 0.004
"""Of 1, where there is nothing at all. A third of it, as marks usually are, is a third of a level of 255: a smooth sky
changes by one level in places. Below that rounding would leave nothing to read of a photo that is all sky."""
RISE = 2.5
"""By how much of a place's fine detail a mark may be louder than that."""


def mark_loudness(views: Tensor) -> Tensor:
    """How strong a mark of strength 1 may be at each place, (N, 1, H, W).

    ``min(0.004 + 2.5 f, 0.012 + 0.25 c, 0.06)``. The last two are what plane waves use, c being the contrast within
    9 x 9 pixels. f is fine detail, as a mean over 5 x 5 pixels, of those the calmest that holds the place: the edge of
    a roof is no reason to be loud in the sky beside it.

    Args:
        views: photos (N, 3, H, W) in [0, 1], at the working size.
    """
    grey = luma(views)
    detail = _mean((grey - _mean(grey, 3)).abs(), 5)
    return torch.minimum(LEAST + RISE * _least(detail, 5), loudness_of(views))


def _mean(values: Tensor, side: int) -> Tensor:
    return F.avg_pool2d(_padded(values, side), side, stride=1)


def _least(values: Tensor, side: int) -> Tensor:
    return -F.max_pool2d(_padded(-values, side), side, stride=1)


def _padded(values: Tensor, side: int) -> Tensor:
    half = side // 2
    return F.pad(values, (half, half, half, half), mode="replicate")
