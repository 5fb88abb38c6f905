"""Mosaic: squares of one colour, as newspapers hide faces."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor

from unfind.cloaks.one_shot import OneShot
from unfind.cloaks.pace import Pace
from unfind.errors import UsageError


class Mosaic(OneShot):
    """The photo as a grid of squares, each the mean of what it covers; the budget does not apply.

    Args:
        pace: for batch and seed.
        cells: squares along each side, at least 1.
    """

    name = "mosaic"
    keeps_budget = False

    def __init__(self, pace: Pace | None = None, *, cells: int = 16) -> None:
        super().__init__(pace)
        if cells < 1:
            raise UsageError(f"Expected at least 1 cell a side, got {cells}: 16 is usual.")
        self.cells = cells

    def change(self, images: Tensor) -> Tensor:
        size = (images.shape[-2], images.shape[-1])
        cells = F.adaptive_avg_pool2d(images, (min(self.cells, size[0]), min(self.cells, size[1])))
        return F.interpolate(cells, size, mode="nearest")

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "cells": self.cells}
