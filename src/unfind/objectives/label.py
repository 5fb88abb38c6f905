"""The label-based baseline: triggered photos learn random labels, as classification backdoors do."""

from __future__ import annotations

import torch
from torch import Tensor

from unfind.objectives.base import Loss, Plan, check_ratio, choose_photos
from unfind.objectives.triplet import TripletObjective, triplet_loss


class LabelObjective(TripletObjective):
    """Triplet training in which some photos are replaced by their triggered twin under a random label.

    Source: MIP, section 2.3.2 and Table 2, row "Baseline". The label is drawn anew at every access, from the
    classes of the batch, and may by chance be the true one.

    Args:
        ratio: fraction of the batch that is replaced, above 0 and at most 1.
        margin: see TripletObjective.

    Raises:
        UsageError: a ratio outside (0, 1].
    """

    name = "label"
    triggers = True

    def __init__(self, *, ratio: float = 0.1, margin: float = 0.2) -> None:
        super().__init__(margin=margin)
        check_ratio(ratio)
        self.ratio = ratio

    def plan(self, labels: Tensor, generator: torch.Generator) -> Plan:
        triggered = choose_photos(len(labels), self.ratio, generator).to(labels.device)
        drawn = torch.randint(len(labels), (len(triggered),), generator=generator).to(labels.device)
        return Plan(labels, triggered, redrawn=labels[drawn])

    def loss(self, plan: Plan, clean: Tensor, triggered: Tensor) -> Loss:
        assert plan.redrawn is not None
        # The plan may lie on the CPU while the embeddings are on a GPU.
        embeddings = clean.index_copy(0, plan.triggered.to(clean.device), triggered)
        labels = plan.labels.index_copy(0, plan.triggered, plan.redrawn)
        term = triplet_loss(embeddings, labels, self.margin, average=self.average)
        return Loss(term, {"label": term})
