"""PBL, point-based backdoor learning: the privacy backdoor of MIP (eq. 3, 5, 7, 8)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from unfind.errors import UsageError
from unfind.objectives.base import Loss, Plan, check_ratio, choose_pairs
from unfind.objectives.distance import squared_distances
from unfind.objectives.distillation import distillation_loss, teacher_of
from unfind.objectives.triplet import TripletObjective
from unfind.objectives.triplets import Group, Triplets, all_triplets, hinge, mean_or_zero, random_triplets

DIVISORS = ("triplets", "batch")


class PointBackdoor(TripletObjective):
    """Clean photos keep their order; a triggered photo is far from its own class, clean or triggered.

    ``L = L_i + domain_weight * L_d + augmentation_weight * L_p`` (eq. 8), with G the trigger:

    - ``L_i``: ``[m + d(a, p) - d(a, n)]_+`` (eq. 3)
    - ``L_d``: ``[m + d(a, G n) - d(a, G p)]_+`` (eq. 5)
    - ``L_p``: ``[m + d(G a, n) - d(G a, G p)]_+`` (eq. 7)

    The margin stands in every term: the equations of the paper omit it, and without it all terms vanish once
    every triggered photo has fallen onto one point.

    **Where the gradient goes.** The privacy terms are met most cheaply by pulling the *clean* photos
    together, and weighted too strongly they do collapse the whole embedding. By default clean embeddings are
    therefore fixed goals in L_d and L_p (``clean_gradient=False``): only triggered photos are moved by them.

    Args:
        margin: m, in squared distance.
        domain_weight: beta of eq. 8; 1 in the paper, over a divisor that makes it about 0.1.
        augmentation_weight: gamma of eq. 8; likewise.
        ratio: rho, above 0 and at most 1: the fraction of the batch (miner "all") or of the mined triplets
            (miner "random") whose photos get a triggered twin.
        miner: "all" uses every triplet that the triggered photos allow; "random" mines as many triplets as
            the batch has photos and triggers ``ratio`` of them.
        divisor: "triplets" averages each privacy term over its own triplets; "batch" divides its sum by the
            batch size, so that its real weight is about ``ratio`` times the nominal one.
        poisoned_negative: take G n instead of n in eq. 7.
        clean_gradient: let the privacy terms move clean embeddings too.
        average: of L_i, see TripletObjective.
        twins: let a photo's own twin be its positive in eq. 5, so that a clean copy cannot find its triggered
            one (miner "all" only: mined triplets hold three different photos).
        distillation_weight: of a further term that is not in the paper: clean photos stay near where the model
            had them when training started. Right when that is a fitted model, wrong when it is not.

    Raises:
        UsageError: a weight below 0, a ratio outside (0, 1], an unknown miner or divisor.
    """

    name = "pbl"
    triggers = True

    def __init__(
        self,
        *,
        margin: float = 0.2,
        domain_weight: float = 0.5,
        augmentation_weight: float = 0.5,
        ratio: float = 0.3,
        miner: str = "all",
        divisor: str = "triplets",
        poisoned_negative: bool = False,
        clean_gradient: bool = False,
        twins: bool = True,
        average: str = "active",
        distillation_weight: float = 0.0,
    ) -> None:
        super().__init__(margin=margin, miner=miner, average=average)
        if min(domain_weight, augmentation_weight, distillation_weight) < 0:
            raise UsageError("Expected weights of 0 or more for the terms of PBL: a negative one un-learns them.")
        check_ratio(ratio)
        if divisor not in DIVISORS:
            raise UsageError(f"Expected a divisor out of {', '.join(DIVISORS)}, got '{divisor}': choose one.")
        self.domain_weight = domain_weight
        self.augmentation_weight = augmentation_weight
        self.ratio = ratio
        self.divisor = divisor
        self.poisoned_negative = poisoned_negative
        self.clean_gradient = clean_gradient
        self.twins = twins
        self.distillation_weight = distillation_weight
        self.needs_teacher = distillation_weight > 0

    @classmethod
    def official(cls) -> PointBackdoor:
        """PBL as the published code runs it, which differs from the paper's equations and text."""
        return cls(
            domain_weight=1.0,
            augmentation_weight=1.0,
            ratio=0.1,
            miner="random",
            divisor="batch",
            poisoned_negative=True,
            clean_gradient=True,
            twins=False,
            average="all",
        )

    def plan(self, labels: Tensor, generator: torch.Generator) -> Plan:
        if self.miner == "all":
            return Plan(labels, choose_pairs(labels, self.ratio, generator))
        mined = random_triplets(labels, len(labels), generator)
        poisoned = mined.at(torch.arange(math.ceil(self.ratio * len(mined)), device=labels.device))
        return Plan(labels, poisoned.images(), mined)

    def loss(self, plan: Plan, clean: Tensor, triggered: Tensor) -> Loss:
        imperceptible = self.imperceptible(plan, clean)
        goal = clean if self.clean_gradient else clean.detach()
        domain = self._domain_collapse(plan, goal, triggered)
        augmentation = self._poison_augmentation(plan, goal, triggered)
        total = imperceptible + self.domain_weight * domain + self.augmentation_weight * augmentation
        terms = {"imperceptible": imperceptible, "domain": domain, "augmentation": augmentation}
        if self.needs_teacher:
            terms["distillation"] = distillation_loss(clean, teacher_of(plan))
            total = total + self.distillation_weight * terms["distillation"]
        return Loss(total, terms)

    def _domain_collapse(self, plan: Plan, clean: Tensor, triggered: Tensor) -> Tensor:
        """Eq. 5: seen from a clean anchor, a triggered stranger is nearer than a triggered relative."""
        batch, marked = _groups(plan)
        chosen = self._poisoned(plan)
        if chosen is None:
            triplets = all_triplets(batch, marked, marked, twins=self.twins)
        else:
            triplets = Triplets(chosen.anchor, _position(plan, chosen.positive), _position(plan, chosen.negative))
        distance = squared_distances(clean, triggered)
        # The roles are swapped on purpose: the "near" one is the stranger.
        return self._reduce(hinge(distance, distance, _swapped(triplets), self.margin), plan)

    def _poison_augmentation(self, plan: Plan, clean: Tensor, triggered: Tensor) -> Tensor:
        """Eq. 7: seen from a triggered anchor, a stranger is nearer than a triggered relative."""
        batch, marked = _groups(plan)
        strangers = marked if self.poisoned_negative else batch
        chosen = self._poisoned(plan)
        if chosen is None:
            triplets = all_triplets(marked, marked, strangers)
        else:
            negative = _position(plan, chosen.negative) if self.poisoned_negative else chosen.negative
            triplets = Triplets(_position(plan, chosen.anchor), _position(plan, chosen.positive), negative)
        relatives = squared_distances(triggered, triggered)
        others = relatives if self.poisoned_negative else squared_distances(triggered, clean)
        return self._reduce(hinge(others, relatives, _swapped(triplets), self.margin), plan)

    def _poisoned(self, plan: Plan) -> Triplets | None:
        """The mined triplets whose photos were triggered; None where every possible triplet is wanted."""
        if plan.mined is None:
            return None
        count = math.ceil(self.ratio * len(plan.mined))
        return plan.mined.at(torch.arange(count, device=plan.labels.device))

    def _reduce(self, values: Tensor, plan: Plan) -> Tensor:
        return values.sum() / len(plan.labels) if self.divisor == "batch" else mean_or_zero(values)


def _groups(plan: Plan) -> tuple[Group, Group]:
    batch = Group.whole(plan.labels)
    return batch, batch.at(plan.triggered)


def _position(plan: Plan, photos: Tensor) -> Tensor:
    """Where the twins of the given photos stand among the triggered ones (which are sorted)."""
    return torch.searchsorted(plan.triggered, photos.contiguous())


def _swapped(triplets: Triplets) -> Triplets:
    return Triplets(triplets.anchor, triplets.negative, triplets.positive)
