"""Distillation: clean photos stay where the model had them before it was trained further."""

from __future__ import annotations

from torch import Tensor

from unfind.errors import TrainingError
from unfind.objectives.base import Plan


def distillation_loss(clean: Tensor, teacher: Tensor) -> Tensor:
    """Mean squared distance of embeddings to the teacher's, 0..4.

    Args:
        clean: (B, D) unit embeddings.
        teacher: (B, D) unit embeddings of the same photos by the frozen model.
    """
    return (clean - teacher).square().sum(1).mean()


def distillation_term(plan: Plan, clean: Tensor) -> Tensor:
    """The distillation loss of a batch whose plan carries the teacher's embeddings.

    Raises:
        TrainingError: it does not.
    """
    if plan.teacher is None:
        raise TrainingError("Expected the teacher's embeddings in the plan, got none: set needs_teacher.")
    return distillation_loss(clean, plan.teacher)
