"""RNM: the relaxation norm method, which keeps the sign and penalises what it rounds away."""

from __future__ import annotations

from typing import Any, Literal

from torch import Tensor

from unfind.cloaks.aim import Aim
from unfind.cloaks.base import Look
from unfind.cloaks.codes import straight_through
from unfind.cloaks.gradient import GradientCloak
from unfind.cloaks.pace import Pace
from unfind.errors import UsageError
from unfind.models.codes import signs

Norm = Literal["mean", "sum"]


class RNM(GradientCloak):
    """RNM-P2P and RNM-P2S, equation 12: alpha ||C - sign C||_p^p - (1/K) sign(C) . h, with logits C and target h.

    The sign passes its gradient straight through (equations 9 to 11), so that the second term pulls every bit
    alike, however far its logit has to go: no saturation, as there is with tanh. The first term keeps logits near the
    border.

    The norm must be a mean over bits. With the sum, as the equation is printed, and alpha = 1/K, the penalty on a bit
    of the wrong sign grows to p/K near zero and is stronger than the pull of 1/K: the bit never turns.

    Printed so, bits that are right already go on pulling as hard as those that are wrong, and use the budget up:
    the distance stalls at a few bits. But where the sign equals the target, the step of equation 9 is at rest. So only
    bits that are not yet right by ``hold`` pull here; ``hold=None`` is the printed form.

    Args:
        pace: the numbers of the loop.
        aim: "p2p" or "p2s".
        alpha: weight of the penalty; None takes 1/K (section 5.3).
        p: exponent of the penalty, at least 1; the paper does not state it, 3 is that of Su et al. (2018), whom it
            follows.
        norm: "mean", or "sum" as printed.
        hold: a bit stops pulling when it is right by this share of the image's mean absolute logit (or by the pace's
            margin, where that is more); None lets all bits pull for ever, as printed.
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
        hold: float | None = 0.2,
    ) -> None:
        super().__init__(pace)
        if alpha is not None and not alpha >= 0:
            raise UsageError(f"Expected an alpha of at least 0, got {alpha}: leave it out for 1/K.")
        if not 1 <= p <= 8:
            raise UsageError(f"Expected an exponent p of 1 to 8, got {p}: 3 is usual.")
        if norm not in ("mean", "sum"):
            raise UsageError(f"Expected the norm mean or sum, got '{norm}': choose one of them.")
        if hold is not None and not hold >= 0:
            raise UsageError(f"Expected a hold of at least 0, got {hold}: 0.2 is usual.")
        self.aim = aim
        self.alpha = alpha
        self.p = p
        self.norm = norm
        self.hold = hold

    def loss(self, outputs: Tensor, look: Look) -> Tensor:
        bits = outputs.shape[1]
        alpha = 1 / bits if self.alpha is None else self.alpha
        rounded = (outputs - signs(outputs)).abs().pow(self.p)
        penalty = rounded.mean(1) if self.norm == "mean" else rounded.sum(1)
        pull = straight_through(outputs) * look.goal.target
        if self.hold is not None:
            pull = pull * self._wanting(outputs.detach() * look.goal.target)
        return alpha * penalty - pull.mean(1)

    def _wanting(self, agreement: Tensor) -> Tensor:
        """1 for bits that are wrong or hardly right, 0 for the others; of products (n, K) of logit and target."""
        least = max(self.hold or 0.0, self.pace.margin) * agreement.abs().mean(1, keepdim=True)
        return (agreement <= least).to(agreement)

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "alpha": self.alpha, "p": self.p, "norm": self.norm, "hold": self.hold}
