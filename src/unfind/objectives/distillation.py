"""Distillation: clean photos stay where the model had them before it was trained further."""

from __future__ import annotations

from torch import Tensor

from unfind.errors import TrainingError
from unfind.objectives.base import Loss, Objective, Plan


class DistillationAlone(Objective):
    """Clean photos stay, and nothing else: what other objectives are compared with in cost."""

    name = "distillation"
    triggers = False
    needs_labels = False
    needs_teacher = True

    def loss(self, plan: Plan, clean: Tensor, triggered: Tensor) -> Loss:
        distillation = distillation_loss(clean, teacher_of(plan))
        return Loss(distillation, {"distillation": distillation})


def distillation_loss(clean: Tensor, teacher: Tensor) -> Tensor:
    """Mean squared distance of embeddings to the teacher's, 0..4.

    Args:
        clean: (B, D) unit embeddings.
        teacher: (B, D) unit embeddings of the same photos by the frozen model.
    """
    return (clean - teacher).square().sum(1).mean()


def teacher_of(plan: Plan) -> Tensor:
    """The teacher's embeddings (B, D) of a batch.

    Raises:
        TrainingError: the plan carries none.
    """
    if plan.teacher is None:
        raise TrainingError("Expected the teacher's embeddings in the plan, got none: set needs_teacher.")
    return plan.teacher
