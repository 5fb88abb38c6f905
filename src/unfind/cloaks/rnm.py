"""RNM: the relaxation norm method, which keeps the sign and penalises what it rounds away."""

from __future__ import annotations

from typing import Any, Literal

from torch import Tensor

from unfind.cloaks.aim import Aim
from unfind.cloaks.base import Look
from unfind.cloaks.codes import signs, straight_through
from unfind.cloaks.gradient import GradientCloak
from unfind.cloaks.pace import Pace
from unfind.errors import UsageError

Norm = Literal["mean", "sum"]


class RNM(GradientCloak):
    """RNM-P2P and RNM-P2S, equation 12: alpha ||C - sign C||_p^p - (1/K) sign(C) . h, with logits C and target h.

    The sign passes its gradient straight through (equations 9 to 11), so that the second term pulls every bit
    alike, however far its logit has to go: no saturation, as there is with tanh. The first term keeps logits near the
    border.

    The norm must be a mean over bits. With the sum, as the equation is printed, and alpha = 1/K, the penalty on a bit
    of the wrong sign grows to p/K near zero and is stronger than the pull of 1/K: the bit never turns.

    Args:
        pace: the numbers of the loop.
        aim: "p2p" or "p2s".
        alpha: weight of the penalty; None takes 1/K (section 5.3).
        p: exponent of the penalty, at least 1; the paper does not state it, 3 is that of Su et al. (2018), whom it
            follows.
        norm: "mean", or "sum" as printed.
    """

    name = "rnm"

    def __init__(
        self,
        pace: Pace | None = None,
        *,
        aim: Aim = "p2s",
        alpha: float | None = None,
        p: float = 3.0,
        norm: Norm = "mean",
    ) -> None:
        super().__init__(pace)
        if alpha is not None and not alpha >= 0:
            raise UsageError(f"Expected an alpha of at least 0, got {alpha}: leave it out for 1/K.")
        if not 1 <= p <= 8:
            raise UsageError(f"Expected an exponent p of 1 to 8, got {p}: 3 is usual.")
        if norm not in ("mean", "sum"):
            raise UsageError(f"Expected the norm mean or sum, got '{norm}': choose one of them.")
        self.aim = aim
        self.alpha = alpha
        self.p = p
        self.norm = norm

    def loss(self, outputs: Tensor, look: Look) -> Tensor:
        bits = outputs.shape[1]
        alpha = 1 / bits if self.alpha is None else self.alpha
        rounded = (outputs - signs(outputs)).abs().pow(self.p)
        penalty = rounded.mean(1) if self.norm == "mean" else rounded.sum(1)
        return alpha * penalty - (straight_through(outputs) * look.goal.target).mean(1)

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "alpha": self.alpha, "p": self.p, "norm": self.norm}
