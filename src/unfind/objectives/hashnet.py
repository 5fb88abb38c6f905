"""HashNet: pairwise hashing with balanced pairs and outputs that grow into signs."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from unfind.errors import UsageError
from unfind.objectives.base import Loss, Objective, Plan
from unfind.objectives.pair_likelihood import different_photos, mean_over_different, pair_likelihood_loss
from unfind.objectives.relevant_pairs import check_rule, jaccard, relevant_pairs


class HashNet(Objective):
    """Weighted likelihood of the similarity of every pair, of outputs ``tanh(scale * logits)``.

    ``L = mean_ij w_ij [log(1 + exp(a t_ij)) - a s_ij t_ij]`` with ``t_ij = h_i . h_j`` and ``h = tanh(scale * u)``. The
    weights make like and unlike pairs count the same, however few are alike. Over the steps the scale grows as
    ``sqrt(1 + growth * step)``, and tanh goes over into the sign; there is no quantisation term, as at the end there
    is nothing to round.

    Source: Cao et al., "HashNet: Deep Learning to Hash by Continuation", ICCV 2017, eq. 2 to 4.

    Args:
        slope: a; None takes 10 / K, as the paper does.
        growth: of the squared scale, for each step.
        relevance: "shared" or "identical", for photos with several tags. Under "shared", pairs that share a larger
            part of their tags weigh more (eq. 3).

    Raises:
        UsageError: a slope of 0 or less, a growth below 0, or an unknown relevance.
    """

    name = "hashnet"
    triggers = False
    hashes = True

    def __init__(self, *, slope: float | None = None, growth: float = 0.005, relevance: str = "shared") -> None:
        if slope is not None and slope <= 0:
            raise UsageError(f"Expected a slope above 0, got {slope}: 10 over the number of bits is usual.")
        if growth < 0:
            raise UsageError(f"Expected a growth of 0 or more, got {growth}: 0.005 is usual.")
        self.slope = slope
        self.growth = growth
        self.relevance = check_rule(relevance)
        self.steps = 0

    @property
    def scale(self) -> float:
        """What the logits are multiplied with at the present step."""
        return float((1 + self.growth * self.steps) ** 0.5)

    def loss(self, plan: Plan, clean: Tensor, triggered: Tensor) -> Loss:
        slope = 10 / clean.shape[1] if self.slope is None else self.slope
        alike = relevant_pairs(plan.labels, self.relevance).to(clean.device)
        weights = pair_weights(alike, (jaccard(plan.labels) if self.relevance == "shared" else alike).to(clean))
        term = hashnet_likelihood(torch.tanh(self.scale * clean), alike, weights, slope)
        self.steps += 1
        return Loss(term, {"likelihood": term})

    def state(self) -> dict[str, Tensor]:
        return {"steps": torch.tensor(self.steps)}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        self.steps = int(state["steps"])


def pair_weights(alike: Tensor, common: Tensor) -> Tensor:
    """Weights under which like and unlike pairs of different photos count the same (eq. 3).

    Args:
        alike: bool (B, B).
        common: (B, B) how much like photos have in common, in 0..1; 1 where all like pairs weigh the same.

    Returns:
        (B, B): all pairs over like pairs, or over unlike ones.
    """
    different = different_photos(len(alike), alike.device)
    like, unlike = ((pairs & different).sum().clamp(min=1).to(common) for pairs in (alike, ~alike))
    return different.sum() * torch.where(alike, common / like, 1 / unlike)


def hashnet_likelihood(outputs: Tensor, alike: Tensor, weights: Tensor, slope: float) -> Tensor:
    """Weighted mean negative log-likelihood over the pairs of different photos; 0 where there are none.

    Args:
        outputs: (B, K) in -1..1.
        alike: bool (B, B).
        weights: (B, B).
        slope: of the logistic function.
    """
    return mean_over_different(weights * pair_likelihood_loss(slope * outputs @ outputs.T, alike))
