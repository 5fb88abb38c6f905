"""Uniform noise within the budget: the control that every cloak must beat."""

from __future__ import annotations

from torch import Tensor

from unfind.cloaks.one_shot import OneShot
from unfind.cloaks.randomness import uniform


class Noise(OneShot):
    """Each value of each pixel changed by a number drawn evenly from -budget to budget (RNM, section 5.3)."""

    name = "noise"

    def change(self, images: Tensor) -> Tensor:
        return images + self.pace.budget * uniform(images, self.pace.seed)
