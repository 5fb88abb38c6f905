"""DPSH, deep pairwise supervised hashing: codes of like photos agree, codes of unlike ones do not."""

from __future__ import annotations

from torch import Tensor

from unfind.errors import UsageError
from unfind.objectives.base import Loss, Objective, Plan
from unfind.objectives.pair_likelihood import mean_over_different, pair_likelihood_loss, quantisation
from unfind.objectives.relevant_pairs import check_rule, relevant_pairs


class PairwiseHashing(Objective):
    """Likelihood of the similarity of every pair in a batch, and outputs near -1 and +1.

    ``L = mean_ij [log(1 + exp(t_ij)) - s_ij t_ij] + weight * mean (u - sign u)^2`` with ``t_ij = u_i . u_j / 2``, where
    u are the logits of the head and s_ij says whether photos i and j are alike.

    Source: Li, Wang and Kang, "Feature Learning based Deep Supervised Hashing with Pairwise Labels", IJCAI 2016,
    eq. 4; means stand for its sums, so that the weight does not depend on the batch. Published code pairs a batch
    with buffered outputs of the whole training set. Here the pairs are those of the batch: batches hold several
    photos of each class, no output is out of date, and there is nothing to store beside the weights.

    Args:
        weight: eta, of the quantisation term.
        relevance: "shared" or "identical", for photos with several tags.

    Raises:
        UsageError: a weight below 0 or an unknown relevance.
    """

    name = "dpsh"
    triggers = False
    hashes = True

    def __init__(self, *, weight: float = 0.1, relevance: str = "shared") -> None:
        if weight < 0:
            raise UsageError(f"Expected a weight of 0 or more, got {weight}: 0.1 is usual.")
        self.weight = weight
        self.relevance = check_rule(relevance)

    def loss(self, plan: Plan, clean: Tensor, triggered: Tensor) -> Loss:
        likelihood = dpsh_likelihood(clean, relevant_pairs(plan.labels, self.relevance).to(clean.device))
        rounding = quantisation(clean)
        return Loss(likelihood + self.weight * rounding, {"likelihood": likelihood, "quantisation": rounding})


def dpsh_likelihood(logits: Tensor, alike: Tensor) -> Tensor:
    """Mean negative log-likelihood over the pairs of different photos; a differentiable 0 where there are none.

    Args:
        logits: (B, K).
        alike: bool (B, B).
    """
    return mean_over_different(pair_likelihood_loss(0.5 * logits @ logits.T, alike))
