"""Tanh-P2P and Tanh-P2S: the code made smooth by tanh, a little less smooth as the run goes on."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from unfind.cloaks.aim import Aim
from unfind.cloaks.base import Look
from unfind.cloaks.gradient import GradientCloak
from unfind.cloaks.pace import Pace

SCHEDULE = ((0.5, 0.1), (0.6, 0.2), (0.7, 0.3), (0.8, 0.5), (0.9, 0.7), (1.0, 1.0))
"""Until which share of the run, which alpha: 0.1 for the first 1,000 of 2,000 iterations, then a new one every 200
(RNM, section 5.2)."""


def steepness(done: float, schedule: tuple[tuple[float, float], ...] = SCHEDULE) -> float:
    """The alpha of tanh at a share 0..1 of the run."""
    return next((alpha for end, alpha in schedule if done < end), schedule[-1][1])


class Tanh(GradientCloak):
    """The baseline of RNM, equation 2: minus the mean product of tanh(alpha C) and the target code.

    Args:
        pace: the numbers of the loop; the paper's are 2,000 iterations with the rule "rms".
        aim: "p2p" or "p2s" (Bai et al., 2020).
        alpha: one steepness for the whole run instead of the schedule.
    """

    name = "tanh"

    def __init__(self, pace: Pace | None = None, *, aim: Aim = "p2s", alpha: float | None = None) -> None:
        super().__init__(pace)
        self.aim = aim
        self.alpha = alpha

    def loss(self, outputs: Tensor, look: Look) -> Tensor:
        alpha = steepness(look.done) if self.alpha is None else self.alpha
        return -(torch.tanh(alpha * outputs) * look.goal.target).mean(1)

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "alpha": self.alpha}
