"""HashStash (HDM): into the empty parts of the code space, far from one's own code and from every cluster."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from unfind.cloaks.base import Look, Verdict
from unfind.cloaks.codes import hamming
from unfind.cloaks.goal import Goal
from unfind.cloaks.gradient import GradientCloak
from unfind.cloaks.pace import Pace
from unfind.cloaks.sdha import codes_to_leave


class HashStash(GradientCloak):
    """Hamming distance maximisation away from all clusters (Xiao et al., 2020); non-targeted only.

    The opposite of one's own code is as easy to guess as the code itself: an attacker turns the query round. A place
    that is far from every cluster is not. The loss is a smooth maximum of the likeness to one's own code and to the
    goal's ``others``, the centres of clusters: log of the sum of exp(sharpness h' . c / K), over sharpness, with
    h' = tanh(C).

    Distance here is K minus the Hamming distance to the nearest of them: the lower, the emptier. With two or
    more centres it cannot become 0, so the run goes on to its last iteration unless there is a tolerance.

    Args:
        pace: the numbers of the loop.
        sharpness: how much the nearest centre counts before the others.
    """

    name = "hashstash"
    towards = False

    def __init__(self, pace: Pace | None = None, *, sharpness: float = 10.0) -> None:
        super().__init__(pace)
        self.sharpness = sharpness

    def loss(self, outputs: Tensor, look: Look) -> Tensor:
        likeness = (torch.tanh(outputs)[:, None] * codes_to_leave(look)).mean(2)
        return torch.logsumexp(self.sharpness * likeness, dim=1) / self.sharpness

    def judge(self, outputs: Tensor, goal: Goal) -> Verdict:
        centres = -goal.target[:, None]
        if goal.others is not None:
            centres = torch.cat([centres, goal.others], dim=1)
        apart = hamming(outputs[:, None], centres)
        distance = outputs.shape[1] - apart.amin(1)
        return Verdict(distance, distance, outputs.shape[1] - apart.mean(1))

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "sharpness": self.sharpness}
