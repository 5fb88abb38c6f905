"""The Blended trigger: a pattern mixed into the photo, as a corner square or over the whole image."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.errors import UsageError
from unfind.triggers.badnets import BadNets, check_opacity
from unfind.triggers.base import Trigger
from unfind.triggers.key import Key

GRID = 32
"""Cells a side of the full-image pattern: coarse enough to survive down-sampling to any encoder's input."""


class Blended(Trigger):
    """A semi-transparent pattern (Chen et al., 2017).

    Args:
        pattern: "square" is the corner square of MIP, section 5.1.2; "full" a keyed random colour mosaic over
            the whole image, as in the original attack.
        opacity: share of the pattern in the result; 0.4 for the square, 0.1 for the full image unless given.
        key: draws the full-image pattern.
    """

    name = "blended"

    def __init__(self, *, pattern: str = "square", opacity: float | None = None, key: Key | None = None) -> None:
        if pattern not in ("square", "full"):
            raise UsageError(f"Expected the pattern 'square' or 'full', got '{pattern}': choose one of them.")
        if pattern == "full" and key is None:
            raise UsageError("Expected a key for the full-image pattern, got none: make one or use 'square'.")
        self.pattern = pattern
        self.opacity = (0.4 if pattern == "square" else 0.1) if opacity is None else opacity
        check_opacity(self.opacity)
        self.keyed = pattern == "full"
        self.mosaic = _mosaic(key) if key is not None and self.keyed else None

    def __call__(self, images: Tensor) -> Tensor:
        if self.mosaic is None:
            return BadNets(opacity=self.opacity)(images)
        size = (images.shape[-2], images.shape[-1])
        pattern = F.interpolate(self.mosaic.to(images), size, mode="bilinear", align_corners=False)
        return torch.lerp(images, pattern.expand_as(images), self.opacity)

    def settings(self) -> dict[str, Any]:
        return {"pattern": self.pattern, "opacity": self.opacity}


def _mosaic(key: Key) -> Tensor:
    colours = key.numbers("blended mosaic", 3 * GRID * GRID).reshape(1, 3, GRID, GRID)
    return torch.from_numpy(colours).float()
