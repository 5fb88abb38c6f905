from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from unfind.errors import TrainingError
from unfind.objectives.base import Plan
from unfind.objectives.distillation import DistillationAlone, distillation_loss, teacher_of
from unfind.objectives.pbl import PointBackdoor

Squared = Callable[[Tensor, Tensor], float]
Generator = Callable[[int], torch.Generator]


def test_it_is_the_mean_squared_distance_to_the_teacher(
    batch: Any, units: Callable[..., Tensor], squared: Squared
) -> None:
    teacher = units(10, seed=77)
    slow = sum(squared(one, other) for one, other in zip(batch.clean, teacher, strict=True)) / 10
    assert distillation_loss(batch.clean, teacher).item() == pytest.approx(slow, abs=1e-12)


def test_it_is_nothing_at_the_teacher_and_most_opposite_to_it(units: Callable[..., Tensor]) -> None:
    clean = units(5)
    assert distillation_loss(clean, clean.detach()).item() == 0
    assert distillation_loss(clean, -clean.detach()).item() == pytest.approx(4)


def test_it_pulls_clean_photos_to_the_teacher_and_leaves_the_teacher_alone(units: Callable[..., Tensor]) -> None:
    clean, teacher = units(5), units(5, seed=9)
    distillation_loss(clean, teacher.detach()).backward()
    assert clean.grad is not None
    nearer = torch.nn.functional.normalize(clean.detach() - 0.5 * clean.grad, dim=1)
    assert bool(((nearer * teacher).sum(1) > (clean * teacher).sum(1)).all())
    assert teacher.grad is None


def test_a_plan_without_a_teacher_is_told(batch: Any, generator: Generator) -> None:
    objective = PointBackdoor(ratio=0.5, distillation_weight=1.0)
    plan = objective.plan(batch.labels, generator(0))
    with pytest.raises(TrainingError, match="teacher's embeddings in the plan, got none"):
        teacher_of(plan)


def test_pbl_adds_it_with_its_weight(
    batch: Any, generator: Generator, units: Callable[..., Tensor], twins_of: Callable[[Any], Tensor]
) -> None:
    plain, held = PointBackdoor(ratio=0.5), PointBackdoor(ratio=0.5, distillation_weight=3.0)
    plan = plain.plan(batch.labels, generator(batch.seed))
    taught = replace(plan, teacher=units(10, seed=5).detach())
    without = plain.loss(plan, batch.clean, twins_of(plan))
    with_it = held.loss(taught, batch.clean, twins_of(plan))
    term = distillation_loss(batch.clean, teacher_of(taught)).item()
    assert with_it.terms["distillation"].item() == term > 0
    assert with_it.total.item() == pytest.approx(without.total.item() + 3 * term, abs=1e-12)
    assert "distillation" not in without.terms
    assert (plain.needs_teacher, held.needs_teacher) == (False, True)


def test_alone_it_is_all_there_is_and_needs_no_trigger() -> None:
    clean, teacher = torch.eye(3)[:2], torch.eye(3)[1:]
    plan = Plan(torch.arange(2), torch.empty(0, dtype=torch.int64), teacher=teacher)
    found = DistillationAlone().loss(plan, clean, clean[:0])
    assert found.total.item() == distillation_loss(clean, teacher).item() == 2
    assert not DistillationAlone.triggers
    assert len(DistillationAlone().plan(torch.arange(4), torch.Generator()).triggered) == 0
