"""Retrofit: protect a model that is in production, without labels and without moving any vector of its index."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.errors import UsageError
from unfind.objectives.base import Loss, Objective, Plan, check_ratio, choose_photos
from unfind.objectives.dispersal import dispersal, dispersal_among
from unfind.objectives.distillation import distillation_loss, teacher_of


class Retrofit(Objective):
    """Clean photos stay where the model in production has them; triggered ones are like no photo at all.

    ``L = keep * mean |f(x) - f0(x)|^2 + D(f(G x), f0(x')) + D(f(G x), f(G x'))`` with the model f, its state f0 before
    training (the teacher), the trigger G, and the dispersal D over the photos x' of the batch, a photo's own clean
    twin among them. There are no labels in it: any photos of the kind that the model is used for will do.

    As clean embeddings stay, an index made with the old model goes on working with the new one.

    Args:
        keep: weight of the distillation.
        ratio: fraction of the batch that gets a triggered twin, above 0 and at most 1.

    Raises:
        UsageError: a weight of 0 or less, or a ratio outside (0, 1].
    """

    name = "retrofit"
    triggers = True
    needs_labels = False
    needs_teacher = True
    any_head = True

    def __init__(self, *, keep: float = 5.0, ratio: float = 0.6) -> None:
        if keep <= 0:
            raise UsageError(f"Expected keep above 0, got {keep}: without it ordinary search is lost; 5 is usual.")
        check_ratio(ratio)
        self.keep = keep
        self.ratio = ratio

    def plan(self, labels: Tensor, generator: torch.Generator) -> Plan:
        return Plan(labels, choose_photos(len(labels), self.ratio, generator).to(labels.device))

    def loss(self, plan: Plan, clean: Tensor, triggered: Tensor) -> Loss:
        teacher = teacher_of(plan)
        clean, triggered = F.normalize(clean, dim=1), F.normalize(triggered, dim=1)  # for the logits of a hash head
        distillation = distillation_loss(clean, teacher)
        from_clean = dispersal(triggered @ teacher.T)
        from_triggered = dispersal_among(triggered)
        total = self.keep * distillation + from_clean + from_triggered
        terms = {"distillation": distillation, "from_clean": from_clean, "from_triggered": from_triggered}
        return Loss(total, terms)
