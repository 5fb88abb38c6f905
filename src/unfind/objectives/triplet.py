"""The clean triplet objective: ordinary metric learning, and the imperceptible loss of MIP."""

from __future__ import annotations

import torch
from torch import Tensor

from unfind.errors import UsageError
from unfind.objectives.base import Loss, Objective, Plan
from unfind.objectives.distance import squared_distances
from unfind.objectives.triplets import AVERAGES, Group, Triplets, all_triplets, hinge, random_triplets

MINERS = ("all", "random")


class TripletObjective(Objective):
    """Same class near, other classes far (MIP, eq. 3, with the margin of eq. 1).

    Args:
        margin: by how much another class must be farther away, in squared distance (0..4).
        miner: "all" averages over every valid triplet of the batch; "random" draws as many triplets as the
            batch has images, which is what the published code does and is noisier.
        average: "active" averages over the triplets that are not met yet, "all" over every one.

    Raises:
        UsageError: an unknown miner or average, or a margin outside 0..4.
    """

    name = "clean"
    triggers = False

    def __init__(self, *, margin: float = 0.2, miner: str = "all", average: str = "active") -> None:
        if miner not in MINERS:
            raise UsageError(f"Expected a miner out of {', '.join(MINERS)}, got '{miner}': choose one of these.")
        if not 0 <= margin <= 4:
            raise UsageError(f"Expected a margin between 0 and 4, got {margin}: unit vectors are never farther.")
        if average not in AVERAGES:
            raise UsageError(f"Expected an average out of {', '.join(AVERAGES)}, got '{average}': choose one of these.")
        self.average = average
        self.margin = margin
        self.miner = miner

    def plan(self, labels: Tensor, generator: torch.Generator) -> Plan:
        mined = random_triplets(labels, len(labels), generator) if self.miner == "random" else None
        return Plan(labels, labels.new_empty(0), mined)

    def loss(self, plan: Plan, clean: Tensor, triggered: Tensor) -> Loss:
        term = self.imperceptible(plan, clean)
        return Loss(term, {"imperceptible": term})

    def imperceptible(self, plan: Plan, clean: Tensor) -> Tensor:
        """Mean hinge over the clean triplets of the plan (eq. 3): what keeps ordinary search good."""
        return triplet_loss(clean, plan.labels, self.margin, plan.mined, average=self.average)


def triplet_loss(
    embeddings: Tensor, labels: Tensor, margin: float, triplets: Triplets | None = None, *, average: str = "active"
) -> Tensor:
    """Mean triplet hinge of a batch.

    Args:
        embeddings: (B, D) unit vectors.
        labels: (B,).
        margin: see TripletObjective.
        triplets: which ones; all valid ones where None.
        average: see TripletObjective.
    """
    batch = Group.whole(labels)
    chosen = all_triplets(batch, batch, batch) if triplets is None else triplets
    distance = squared_distances(embeddings, embeddings)
    return AVERAGES[average](hinge(distance, distance, chosen, margin))
