"""CSQ, central similarity quantisation: every class has a code of its own, and its photos go there."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.errors import UsageError
from unfind.objectives.base import Loss, Objective, Plan
from unfind.objectives.hash_centres import hash_centres
from unfind.objectives.pair_likelihood import quantisation


class CentralSimilarity(Objective):
    """Cross-entropy between the bits of a photo and those of its centre, and outputs near -1 and +1.

    ``L = mean BCE((h + 1) / 2, (c + 1) / 2) + weight * mean (|h| - 1)^2`` with ``h = tanh(u)``. The centre c of a class
    is a row of a Hadamard matrix; that of a photo with several tags is the majority of their centres.

    Source: Yuan et al., "Central Similarity Quantization for Efficient Image and Video Retrieval", CVPR 2020, eq. 3
    to 5, with the plain square of the published code in place of the smooth norm of eq. 4.

    Args:
        weight: lambda, of the quantisation term.

    Raises:
        UsageError: a weight below 0.
    """

    name = "csq"
    triggers = False
    hashes = True

    def __init__(self, *, weight: float = 1e-4) -> None:
        if weight < 0:
            raise UsageError(f"Expected a weight of 0 or more, got {weight}: 0.0001 is usual.")
        self.weight = weight
        self._centres = torch.zeros(0, 0)

    def loss(self, plan: Plan, clean: Tensor, triggered: Tensor) -> Loss:
        goals = photo_centres(plan.labels, self.centres(_classes(plan.labels), clean.shape[1]).to(clean))
        central = central_similarity(clean, goals)
        rounding = quantisation(torch.tanh(clean))
        return Loss(central + self.weight * rounding, {"central": central, "quantisation": rounding})

    def centres(self, classes: int, bits: int) -> Tensor:
        """Centres of at least the first ``classes`` classes, (C, bits); made once, as they never change."""
        if len(self._centres) < classes or self._centres.shape[1] != bits:
            self._centres = torch.from_numpy(hash_centres(classes, bits))
        return self._centres


def photo_centres(labels: Tensor, centres: Tensor) -> Tensor:
    """The centre of each photo.

    Args:
        labels: int64 (B,) classes, or bool (B, L) tags.
        centres: (C, K) of -1 and +1; C is more than the largest class, and at least L.

    Returns:
        (B, K) of -1 and +1: the class's centre, or the majority of the tags' centres. An undecided bit takes a
        value of its own that is the same in all photos, as the published code draws it by lot.
    """
    if labels.dim() == 1:
        return centres[labels]
    votes = labels.to(centres) @ centres[: labels.shape[1]]
    coins = np.random.default_rng(centres.shape[1]).integers(0, 2, centres.shape[1]) * 2 - 1
    return torch.where(votes == 0, torch.from_numpy(coins).to(votes), votes.sign())


def central_similarity(logits: Tensor, centres: Tensor) -> Tensor:
    """Mean binary cross-entropy of the bits ``(tanh u + 1) / 2`` against those of the centres (eq. 3).

    That output is the logistic function of 2 u, so that the logarithm of a rounded 0 is never taken.

    Args:
        logits: (B, K).
        centres: (B, K) of -1 and +1.
    """
    return F.binary_cross_entropy_with_logits(2 * logits, (centres + 1) / 2)


def _classes(labels: Tensor) -> int:
    return labels.shape[1] if labels.dim() == 2 else int(labels.max()) + 1
