"""CBL, clustering-based backdoor learning: the gentler privacy backdoor of MIP (eq. 3, 6, 9)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.errors import TrainingError, UsageError
from unfind.objectives.base import Loss, Plan, check_ratio, choose_pairs
from unfind.objectives.distance import squared_distances
from unfind.objectives.triplet import TripletObjective
from unfind.objectives.triplets import Group, all_triplets, mean_or_zero


class ClusterBackdoor(TripletObjective):
    """A triggered photo moves from its own class towards the class centre farthest from it.

    ``L = L_i + weight * L'_d`` (eq. 9) with ``L'_d = [m + d(G a, x') - d(G a, p)]_+`` (eq. 6), where x' is
    the centre farthest from the clean anchor. Centres are computed anew before each epoch: the published
    code computes them once, from the untrained head, where only a handful is ever the farthest one.

    Args:
        margin: m, in squared distance.
        weight: lambda of eq. 9.
        ratio: rho, the fraction of the batch that gets a triggered twin, above 0 and at most 1.
        clean_gradient: let L'_d move the clean positive too, as the published code does.
        average: of L_i, see TripletObjective.
        normalise_centres: put the class means back onto the unit sphere (the published code does not).

    Raises:
        UsageError: a weight below 0 or a ratio outside (0, 1].
    """

    name = "cbl"
    triggers = True
    needs_centres = True

    def __init__(
        self,
        *,
        margin: float = 0.2,
        weight: float = 1.0,
        ratio: float = 0.1,
        clean_gradient: bool = False,
        normalise_centres: bool = True,
        average: str = "active",
    ) -> None:
        super().__init__(margin=margin, average=average)
        if weight < 0:
            raise UsageError(f"Expected a weight of 0 or more, got {weight}: a negative one un-learns privacy.")
        check_ratio(ratio)
        self.weight = weight
        self.ratio = ratio
        self.clean_gradient = clean_gradient
        self.normalise_centres = normalise_centres
        self.centres: Tensor | None = None

    def plan(self, labels: Tensor, generator: torch.Generator) -> Plan:
        return Plan(labels, choose_pairs(labels, self.ratio, generator))

    def refresh(self, embeddings: Tensor, labels: Tensor) -> None:
        self.centres = class_centres(embeddings, labels, normalise=self.normalise_centres)

    def state(self) -> dict[str, Tensor]:
        return {} if self.centres is None else {"centres": self.centres}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        self.centres = state.get("centres")

    def loss(self, plan: Plan, clean: Tensor, triggered: Tensor) -> Loss:
        if self.centres is None:
            raise TrainingError("Expected class centres before the first batch, got none: call refresh() first.")
        imperceptible = self.imperceptible(plan, clean)
        goal = clean if self.clean_gradient else clean.detach()
        domain = self._farthest_centre(plan, goal, triggered, self.centres.to(clean))
        total = imperceptible + self.weight * domain
        return Loss(total, {"imperceptible": imperceptible, "domain": domain})

    def _farthest_centre(self, plan: Plan, clean: Tensor, triggered: Tensor, centres: Tensor) -> Tensor:
        """Eq. 6: seen from a triggered anchor, the farthest centre is nearer than a clean relative."""
        batch = Group.whole(plan.labels)
        pairs = all_triplets(batch.at(plan.triggered), batch, batch)
        keys = torch.unique(torch.stack([pairs.anchor, pairs.positive]), dim=1)
        farthest = farthest_centres(clean[plan.triggered].detach(), centres)
        to_centre = (triggered - farthest).square().sum(1)
        to_relative = squared_distances(triggered, clean)[keys[0], keys[1]]
        return mean_or_zero((self.margin + to_centre[keys[0]] - to_relative).relu())


def class_centres(embeddings: Tensor, labels: Tensor, *, normalise: bool = True) -> Tensor:
    """Mean embedding of each class, (C, D), in the order of the sorted labels."""
    classes, member = torch.unique(labels, return_inverse=True)
    sums = embeddings.new_zeros(len(classes), embeddings.shape[1]).index_add(0, member, embeddings)
    means = sums / torch.bincount(member).to(sums)[:, None]
    return F.normalize(means, dim=1) if normalise else means


def farthest_centres(embeddings: Tensor, centres: Tensor) -> Tensor:
    """For each embedding (N, D) the centre at the greatest Euclidean distance, (N, D)."""
    return centres[torch.cdist(embeddings, centres).argmax(1)]
