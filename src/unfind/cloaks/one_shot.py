"""Cloaks that look at no model: one change of the photo, made at once."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace

from torch import Tensor

from unfind.cloaks.base import Cloak, Look
from unfind.cloaks.pace import Pace


class OneShot(Cloak):
    """A cloak that is one function of the photo. The loop looks before and after, and keeps what it made."""

    kinds = frozenset({"code", "embedding"})
    needs_gradient = False

    def __init__(self, pace: Pace | None = None) -> None:
        super().__init__(replace(pace or Pace(), iterations=1))

    @abstractmethod
    def change(self, images: Tensor) -> Tensor:
        """Images (n, 3, H, W) to changed images, each by itself."""

    def move(self, look: Look) -> tuple[Tensor, Tensor]:
        """To the changed image at once."""
        return self.change(look.images) - look.images, look.velocity
