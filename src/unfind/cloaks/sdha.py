"""SDHA: away from all codes that a search should find, above all from the nearest."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from unfind.cloaks.base import Look
from unfind.cloaks.codes import hamming
from unfind.cloaks.gradient import GradientCloak
from unfind.cloaks.pace import Pace


class SDHA(GradientCloak):
    """The smart deep hashing attack (Lu et al., 2021); non-targeted only.

    Mean squared change of the photo plus (weight / K) times the sum over relevant codes m of w_m h' . h_m, with
    h' = tanh(C) and w_m falling with the Hamming distance to the power of ``fade``; the w_m add up to 1. The relevant
    codes are the goal's ``others`` and always the photo's own.

    Args:
        pace: the numbers of the loop.
        weight: of the codes beside the change of the photo.
        fade: how fast a code that is left behind stops to matter.
    """

    name = "sdha"
    towards = False

    def __init__(self, pace: Pace | None = None, *, weight: float = 25.0, fade: float = 1.0) -> None:
        super().__init__(pace)
        self.weight = weight
        self.fade = fade

    def loss(self, outputs: Tensor, look: Look) -> Tensor:
        relevant = codes_to_leave(look)
        near = (1 + hamming(outputs.detach()[:, None], relevant)).pow(-self.fade)
        share = near / near.sum(1, keepdim=True)
        likeness = (torch.tanh(outputs)[:, None] * relevant).mean(2)
        change = look.perturbation.square().mean(dim=(1, 2, 3))
        return change + self.weight * (share * likeness).sum(1)

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "weight": self.weight, "fade": self.fade}


def codes_to_leave(look: Look) -> Tensor:
    """(n, M + 1, K): each image's own code and the goal's other ones."""
    own = -look.goal.target[:, None]
    return own if look.goal.others is None else torch.cat([own, look.goal.others], dim=1)
