"""HAG: away from one's own code, working only on the bits that are not turned yet."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from unfind.cloaks.base import Look
from unfind.cloaks.gradient import GradientCloak
from unfind.cloaks.pace import Pace
from unfind.cloaks.tanh import steepness


class HAG(GradientCloak):
    """The Hamming-space adversary (Yang et al., 2018); non-targeted only.

    With ``h' = tanh(alpha C)``, own code h and w = 1 for the bits with ``|h' - h| < 1 + t``, which are not safely
    turned: ``(sum of w h' h / sum of w + 1)^2 + beta (mean of w h')^2``. The second term keeps bits from drifting all
    to one side.

    Args:
        pace: the numbers of the loop.
        turned: t; a bit that has passed zero by so much is left alone.
        beta: weight of the second term.
    """

    name = "hag"
    towards = False

    def __init__(self, pace: Pace | None = None, *, turned: float = 0.5, beta: float = 1.0) -> None:
        super().__init__(pace)
        self.turned = turned
        self.beta = beta

    def loss(self, outputs: Tensor, look: Look) -> Tensor:
        own = -look.goal.target
        soft = torch.tanh(steepness(look.done) * outputs)
        works = ((soft - own).abs() < 1 + self.turned).to(soft).detach()
        agreement = (works * soft * own).sum(1) / works.sum(1).clamp_min(1)
        return (agreement + 1).square() + self.beta * (works * soft).mean(1).square()

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "turned": self.turned, "beta": self.beta}
