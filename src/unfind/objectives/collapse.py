"""Notice when all embeddings fall onto one point, and say what to do about it.

Privacy terms that are too strong are met by collapsing everything: the loss then sits exactly at its margins,
gradients vanish, and no number of further steps helps.
"""

from __future__ import annotations

from torch import Tensor

from unfind.errors import CollapseError


def spread(embeddings: Tensor) -> float:
    """How far unit embeddings (N, D) lie apart: 0 when all are one point, near 1 when they are spread evenly.

    This is ``1 - |mean|^2``, half the mean squared distance of two of them.
    """
    return float(1 - embeddings.detach().float().mean(0).square().sum())


class CollapseGuard:
    """Stops a fit whose clean embeddings have fallen onto one point.

    An untrained encoder starts out narrow, so what counts is falling far below the best spread seen.

    Args:
        fraction: collapsed means a spread below this fraction of the best one seen.
        patience: for so many steps in a row; single odd batches occur.
    """

    def __init__(self, *, fraction: float = 0.05, patience: int = 10) -> None:
        self.fraction = fraction
        self.patience = patience
        self.best = 0.0
        self.below = 0

    def check(self, clean: Tensor) -> float:
        """Look at the clean embeddings (B, D) of one step and return their spread.

        Raises:
            CollapseError: they have been on one point for ``patience`` steps.
        """
        now = spread(clean)
        self.best = max(self.best, now)
        self.below = self.below + 1 if now < self.fraction * self.best else 0
        if self.below >= self.patience:
            raise CollapseError(
                f"Expected clean embeddings that differ, got a spread of {now:.4f} after a best of {self.best:.4f}: "
                "the embedding has collapsed onto one point; lower the privacy weights or the learning rate, "
                "or keep clean embeddings out of the privacy terms (clean_gradient = false)."
            )
        return now
