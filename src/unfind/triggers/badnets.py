"""The BadNets trigger: a white square in the bottom right corner."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from unfind.errors import UsageError
from unfind.triggers.base import Trigger

SQUARE = 18 / 224
"""Side of the square as a fraction of the shorter image side (MIP, section 5.1.2: 18 pixels at 224)."""


class BadNets(Trigger):
    """A visible square patch (Gu et al., 2019, as used by MIP, section 5.1.2).

    Args:
        size: side of the square, fraction of the shorter image side, above 0 and at most 1.
        opacity: 1 replaces the pixels; less blends with them.
    """

    name = "badnets"

    def __init__(self, *, size: float = SQUARE, opacity: float = 1.0) -> None:
        if not 0 < size <= 1:
            raise UsageError(f"Expected a square of 0 to 1 of the image side, got {size}: 0.08 is usual.")
        check_opacity(opacity)
        self.size = size
        self.opacity = opacity

    def __call__(self, images: Tensor) -> Tensor:
        height, width = images.shape[-2:]
        side = max(1, round(self.size * min(height, width)))
        marked = images.clone()
        corner = marked[..., height - side :, width - side :]
        corner.lerp_(torch.ones_like(corner), self.opacity)
        return marked

    def settings(self) -> dict[str, Any]:
        return {"size": self.size, "opacity": self.opacity}


def check_opacity(opacity: float) -> None:
    """Raise UsageError unless 0 < opacity <= 1."""
    if not 0 < opacity <= 1:
        raise UsageError(f"Expected an opacity above 0 and at most 1, got {opacity}: 0 would leave no mark.")
