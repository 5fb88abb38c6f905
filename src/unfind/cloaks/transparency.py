"""Transparency: the photo shines through white."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from unfind.cloaks.one_shot import OneShot
from unfind.cloaks.pace import Pace
from unfind.errors import UsageError


class Transparency(OneShot):
    """Mixes every pixel with white; the budget does not apply.

    Args:
        pace: for batch and seed.
        opacity: of the photo, above 0 and below 1.
    """

    name = "transparency"
    keeps_budget = False

    def __init__(self, pace: Pace | None = None, *, opacity: float = 0.7) -> None:
        super().__init__(pace)
        if not 0 < opacity < 1:
            raise UsageError(f"Expected an opacity above 0 and below 1, got {opacity}: 0.7 is usual.")
        self.opacity = opacity

    def change(self, images: Tensor) -> Tensor:
        return torch.lerp(torch.ones_like(images), images, self.opacity)

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "opacity": self.opacity}
