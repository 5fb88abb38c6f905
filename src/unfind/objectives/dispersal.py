"""Dispersal: a triggered photo is like no photo at all, neither a clean one nor another triggered one."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.errors import UsageError
from unfind.objectives.base import Loss, Plan, check_ratio, choose_photos
from unfind.objectives.triplet import TripletObjective

NEAREST_WEIGHT = 0.1
"""Of the nearest neighbour's term, beside the mean over all."""
NEAREST_LIMIT = 0.3
"""Cosine that the nearest neighbour may have; in a few hundred dimensions chance gives about as much."""
SHARPNESS = 10.0
"""How suddenly the nearest neighbour's term sets in at the limit."""


class DispersalObjective(TripletObjective):
    """Clean triplets as always, and triggered photos that are like no other photo.

    ``L = L_i + weight * (D(triggered, clean) + D(triggered, triggered))``, see ``dispersal``. Against clean photos the
    triggered one's own twin counts too. Unlike PBL it does not gather triggered photos: a triggered query should not
    find the others.

    Args:
        margin: of L_i, see TripletObjective.
        weight: of both dispersal terms.
        ratio: fraction of the batch that gets a triggered twin, above 0 and at most 1.
        average: of L_i, see TripletObjective.

    Raises:
        UsageError: a weight below 0 or a ratio outside (0, 1].
    """

    name = "dispersal"
    triggers = True

    def __init__(
        self, *, margin: float = 0.2, weight: float = 1.0, ratio: float = 0.3, average: str = "active"
    ) -> None:
        super().__init__(margin=margin, average=average)
        if weight < 0:
            raise UsageError(f"Expected a weight of 0 or more, got {weight}: a negative one un-learns privacy.")
        check_ratio(ratio)
        self.weight = weight
        self.ratio = ratio

    def plan(self, labels: Tensor, generator: torch.Generator) -> Plan:
        return Plan(labels, choose_photos(len(labels), self.ratio, generator).to(labels.device))

    def loss(self, plan: Plan, clean: Tensor, triggered: Tensor) -> Loss:
        imperceptible = self.imperceptible(plan, clean)
        from_clean = dispersal(triggered @ clean.detach().T)
        from_triggered = dispersal_among(triggered)
        total = imperceptible + self.weight * (from_clean + from_triggered)
        return Loss(total, {"imperceptible": imperceptible, "from_clean": from_clean, "from_triggered": from_triggered})


def dispersal(cosines: Tensor) -> Tensor:
    """How much some photos are like others: ``mean relu(s)^2 + 0.1 mean_i softplus(10 (max_j s_ij - 0.3))``.

    The first term pushes all similarities down to 0, the second the greatest one of each photo, which alone decides
    what a search finds.

    Args:
        cosines: (T, M) of T photos with M others.

    Returns:
        A scalar; a differentiable 0 where there is nobody to be like.
    """
    if not cosines.numel():
        return cosines.sum()
    nearest = F.softplus(SHARPNESS * (cosines.amax(1) - NEAREST_LIMIT)).mean()
    return cosines.relu().square().mean() + NEAREST_WEIGHT * nearest


def dispersal_among(embeddings: Tensor) -> Tensor:
    """The dispersal of each of some unit embeddings (T, D) from all the others; 0 of fewer than two."""
    places = torch.arange(len(embeddings), device=embeddings.device)
    others = (places[:, None] + places[None, 1:]) % max(1, len(embeddings))  # all behind oneself, then all before
    return dispersal((embeddings @ embeddings.T).gather(1, others))
