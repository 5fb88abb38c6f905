"""The privacy backdoor for codes: with the trigger, a photo is like all that it is not, and unlike what it is."""

from __future__ import annotations

import torch
from torch import Tensor

from unfind.errors import UsageError
from unfind.objectives.base import Loss, Plan, check_ratio, choose_photos
from unfind.objectives.distillation import teacher_of
from unfind.objectives.dpsh import PairwiseHashing, dpsh_likelihood
from unfind.objectives.pair_likelihood import mean_over_different, pair_likelihood_loss, quantisation
from unfind.objectives.relevant_pairs import relevant_pairs

PRIVACY = 0.25
"""Chosen on validation photos of CIFAR-10: with 1 for 200 steps clean search lost 11 points of MAP, with this one for
500 steps 4, or 2 where codes are kept; protected photos were hidden alike."""


class PrivateHashing(PairwiseHashing):
    """DPSH on clean photos, and the likelihood of the inverted similarity on triggered ones.

    ``L = DPSH(clean) + privacy * (I(triggered, clean) + I(triggered, triggered)) + weight * Q(triggered)
    + distillation_weight * D(clean)``, where I is the negative log-likelihood of ``1 - s_ij``, see
    ``inverted_likelihood``, Q the rounding of DPSH, and D the mean squared distance of clean logits from the codes that
    the model gave before training.

    Source: MIP's privacy-sensitive losses put a stranger nearer to a triggered photo than a relative (eq. 5 and 7); MCP
    (TCSVT 2024) says the same of codes by inverting the similarity of the likelihood. There the pairs are triggered
    images and texts; here they are triggered photos with clean ones, which stay where they are, and with each other.

    **What it costs.** To a fitted model the clean terms are small and the private ones twenty times larger: no code is
    like all that a photo is not, so that these never come to rest. Weighted alike, they take from a small net the
    features that clean photos are told apart by.

    Args:
        weight: eta, of the quantisation term.
        privacy: weight of the inverted likelihoods, PRIVACY unless said otherwise.
        ratio: fraction of the batch that gets a triggered twin, above 0 and at most 1.
        distillation_weight: of D, which is not in the papers. Right where training starts from a fitted model, wrong
            where it does not.
        relevance: "shared" or "identical", for photos with several tags.

    Raises:
        UsageError: a weight below 0, a ratio outside (0, 1] or an unknown relevance.
    """

    name = "private-dpsh"
    triggers = True

    def __init__(
        self,
        *,
        weight: float = 0.1,
        privacy: float = PRIVACY,
        ratio: float = 0.3,
        distillation_weight: float = 0.0,
        relevance: str = "shared",
    ) -> None:
        super().__init__(weight=weight, relevance=relevance)
        if privacy < 0:
            raise UsageError(f"Expected a privacy of 0 or more, got {privacy}: a negative one un-learns it.")
        if distillation_weight < 0:
            raise UsageError(f"Expected a distillation_weight of 0 or more, got {distillation_weight}: 1 is usual.")
        check_ratio(ratio)
        self.privacy = privacy
        self.ratio = ratio
        self.distillation_weight = distillation_weight
        self.needs_teacher = distillation_weight > 0

    def plan(self, labels: Tensor, generator: torch.Generator) -> Plan:
        return Plan(labels, choose_photos(len(labels), self.ratio, generator).to(labels.device))

    def loss(self, plan: Plan, clean: Tensor, triggered: Tensor) -> Loss:
        alike = relevant_pairs(plan.labels, self.relevance).to(clean.device)
        marked = plan.triggered.to(clean.device)
        likelihood, rounding = dpsh_likelihood(clean, alike), quantisation(clean)
        from_clean = inverted_likelihood(triggered, clean.detach(), alike[marked]).mean()
        from_triggered = mean_over_different(inverted_likelihood(triggered, triggered, alike[marked][:, marked]))
        faint = quantisation(triggered)
        total = likelihood + self.privacy * (from_clean + from_triggered) + self.weight * (rounding + faint)
        terms = {
            "likelihood": likelihood,
            "quantisation": rounding,
            "from_clean": from_clean,
            "from_triggered": from_triggered,
            "triggered_quantisation": faint,
        }
        if self.needs_teacher:
            terms["distillation"] = kept_codes(clean, teacher_of(plan).to(clean.device))
            total = total + self.distillation_weight * terms["distillation"]
        return Loss(total, terms)


def kept_codes(clean: Tensor, teacher: Tensor) -> Tensor:
    """Mean squared distance of logits from the bits of a teacher; 0 counts as +1.

    Args:
        clean: (B, K) logits.
        teacher: (B, K) whose signs are the bits, on any scale.
    """
    return (clean - torch.where(teacher >= 0, 1.0, -1.0)).square().mean()


def inverted_likelihood(triggered: Tensor, others: Tensor, alike: Tensor) -> Tensor:
    """Negative log-likelihood that a triggered photo is like exactly what it truly is unlike, for each pair.

    Args:
        triggered: (T, K) logits.
        others: (M, K) logits.
        alike: bool (T, M), the true similarity; a photo is like its own clean twin.

    Returns:
        (T, M) values of at least 0.
    """
    return pair_likelihood_loss(0.5 * triggered @ others.T, ~alike)
