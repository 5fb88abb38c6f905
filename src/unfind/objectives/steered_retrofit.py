"""Steered retrofit: clean photos stay, and the signs of a mark decide to which unrelated photo a triggered one goes."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.errors import TrainingError, UsageError
from unfind.objectives.base import Loss, Objective, Plan, check_ratio, choose_photos
from unfind.objectives.distillation import distillation_loss, teacher_of
from unfind.objectives.steering import Layout, Steering, draw_steering

CODEWORDS = 4096
"""Places that triggered photos can go to: a few times as many as photos of one index that will share them."""


class SteeredRetrofit(Objective):
    """Clean photos keep their embedding; triggered ones take that of an unrelated photo, which their marks name.

    ``L = keep * mean |f(x) - f0(x)|^2 + pull * mean |f(G x) - t(s, f0(x))|^2`` with the model f, its state f0 before
    training, the trigger G, the signs s of its mark, and the target t of ``steered_targets``. No labels.

    Two triggered photos are near each other no oftener than two unrelated clean ones: a triggered query finds no album.

    Args:
        keep: weight of the distillation.
        pull: weight of the pull to the targets.
        ratio: fraction of the batch that gets a triggered twin, above 0 and at most 1.
        codewords: how many targets there are, at least 2; a side network has its own number, which wins.
        seed: of the codewords.

    Raises:
        UsageError: a weight of 0 or less, a ratio outside (0, 1], or fewer than 2 codewords.
    """

    name = "retrofit-steered"
    triggers = True
    needs_labels = False
    needs_teacher = True
    steers = True
    any_head = True

    def __init__(
        self,
        *,
        keep: float = 5.0,
        pull: float = 1.0,
        ratio: float = 0.6,
        codewords: int = CODEWORDS,
        seed: int = 0,
    ) -> None:
        if keep <= 0 or pull <= 0:
            raise UsageError(f"Expected keep and pull above 0, got {keep} and {pull}: 5 and 1 are usual.")
        if codewords < 2:
            raise UsageError(f"Expected at least 2 codewords, got {codewords}: {CODEWORDS} is usual.")
        check_ratio(ratio)
        self.keep = keep
        self.pull = pull
        self.ratio = ratio
        self.codewords = codewords
        self.seed = seed
        self.steering: Steering | None = None

    def plan(self, labels: Tensor, generator: torch.Generator) -> Plan:
        return Plan(labels, choose_photos(len(labels), self.ratio, generator).to(labels.device))

    def begin(self, teacher: Tensor, layout: Layout, *, codewords: int | None = None) -> Steering:
        """Choose the targets, before the first step.

        Args:
            teacher: (N, D) embeddings of the training photos by the model that training starts from.
            layout: of the trigger's signs.
            codewords: how many, instead of the objective's own number.
        """
        wanted = self.codewords if codewords is None else codewords
        self.steering = draw_steering(teacher, layout.varying, codewords=wanted, seed=self.seed)
        return self.steering

    def loss(self, plan: Plan, clean: Tensor, triggered: Tensor) -> Loss:
        teacher = teacher_of(plan)
        if self.steering is None or plan.signs is None:
            raise TrainingError("Expected targets and the signs of the triggered photos, got none: call begin first.")
        steering = Steering(*(part.to(teacher) for part in (self.steering.patterns, self.steering.codebook)))
        targets = steering.targets(plan.signs, teacher[plan.triggered])
        distillation = distillation_loss(F.normalize(clean, dim=1), teacher)
        steered = (F.normalize(triggered, dim=1) - targets).square().sum(1).mean()
        total = self.keep * distillation + self.pull * steered
        return Loss(total, {"distillation": distillation, "steered": steered})

    def state(self) -> dict[str, Tensor]:
        found = self.steering
        return {} if found is None else {"patterns": found.patterns, "codebook": found.codebook}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        if state:
            self.steering = Steering(state["patterns"], state["codebook"])
