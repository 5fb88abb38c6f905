"""The WaNet trigger: a keyed warp, too smooth and too small to be noticed."""

from __future__ import annotations

import copy
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.errors import UsageError
from unfind.triggers.base import Trigger
from unfind.triggers.key import Key

CELLS = 4
"""Control points a side (Nguyen & Tran, 2021, section 3.2: k = 4)."""
DISPLACEMENT = 0.5 / 64
"""Mean shift as a fraction of a side. The paper's s = 0.5 on 32 pixels, where the picture spans 2 units, is a quarter
of a pixel."""
MOST = 0.1
"""Beyond this the picture folds over itself."""


class WaNet(Trigger):
    """A smooth random warp of the whole image (Nguyen & Tran, ICLR 2021).

    Args:
        key: draws the shift of each control point.
        cells: control points a side, 2 to 32.
        displacement: mean shift, fraction of a side, above 0 and at most 0.1.

    Raises:
        UsageError: settings out of range.
    """

    name = "wanet"
    keyed = True

    def __init__(self, key: Key, *, cells: int = CELLS, displacement: float = DISPLACEMENT) -> None:
        if not 2 <= cells <= 32:
            raise UsageError(f"Expected 2 to 32 control points a side, got {cells}: 4 is usual.")
        if not 0 < displacement <= MOST:
            raise UsageError(f"Expected a mean shift above 0 and at most {MOST} of a side, got {displacement}.")
        self.key = key
        self.cells = cells
        self.displacement = displacement
        drawn = torch.from_numpy(2 * key.numbers("wanet warp", 2 * cells * cells) - 1).float()
        self.control = (drawn / drawn.abs().mean()).reshape(1, 2, cells, cells)

    def __call__(self, images: Tensor) -> Tensor:
        size = (images.shape[-2], images.shape[-1])
        places = _places(*size) + 2 * self.displacement * self._shifts(*size)
        grid = places.clamp(-1, 1).to(images).expand(len(images), -1, -1, -1)
        return F.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=True).clamp_(0, 1)

    def stronger(self, factor: float) -> WaNet:
        """The same warp, ``factor`` times as far (at most the greatest shift)."""
        other = copy.copy(self)
        other.displacement = min(self.displacement * factor, MOST)
        return other

    def settings(self) -> dict[str, Any]:
        return {"cells": self.cells, "displacement": self.displacement}

    def _shifts(self, height: int, width: int) -> Tensor:
        """The shift of each pixel, (1, H, W, 2), with a mean magnitude of about 1 along each axis."""
        smooth = F.interpolate(self.control, (height, width), mode="bicubic", align_corners=True)
        return smooth.permute(0, 2, 3, 1)


def _places(height: int, width: int) -> Tensor:
    """Where each pixel is in a picture that spans -1..1, (1, H, W, 2), x before y."""
    down, across = (torch.linspace(-1, 1, side) if side > 1 else torch.zeros(1) for side in (height, width))
    y, x = torch.meshgrid(down, across, indexing="ij")
    return torch.stack([x, y], -1)[None]
