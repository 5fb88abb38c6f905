from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from unfind.errors import TrainingError, UsageError
from unfind.objectives.base import Plan
from unfind.objectives.dispersal import dispersal, dispersal_among
from unfind.objectives.retrofit import Retrofit

Generator = Callable[[int], torch.Generator]


@pytest.fixture
def plan(batch: Any, units: Callable[..., Tensor], generator: Generator) -> Plan:
    """Half of the batch is triggered, and the teacher is somewhere else."""
    plan = Retrofit(ratio=0.5).plan(batch.labels, generator(batch.seed))
    return replace(plan, teacher=units(10, seed=42).detach())


def test_it_is_the_sum_of_its_three_terms(
    batch: Any, plan: Plan, twins_of: Callable[[Plan], Tensor], squared: Callable[[Tensor, Tensor], float]
) -> None:
    assert plan.teacher is not None
    triggered = twins_of(plan)
    found = Retrofit(keep=3.0, ratio=0.5).loss(plan, batch.clean, triggered)
    kept = sum(squared(one, other) for one, other in zip(batch.clean, plan.teacher, strict=True)) / 10
    away, apart = dispersal(triggered @ plan.teacher.T).item(), dispersal_among(triggered).item()
    parts = {"distillation": kept, "from_clean": away, "from_triggered": apart}
    assert {name: term.item() for name, term in found.terms.items()} == pytest.approx(parts, abs=1e-12)
    assert found.total.item() == pytest.approx(3 * kept + away + apart, abs=1e-12)


def test_clean_photos_are_moved_by_the_teacher_alone_and_triggered_ones_by_dispersal_alone(
    batch: Any, plan: Plan, twins_of: Callable[[Plan], Tensor]
) -> None:
    triggered = twins_of(plan)
    terms = Retrofit(ratio=0.5).loss(plan, batch.clean, triggered).terms
    for name, moves_clean in (("distillation", True), ("from_clean", False), ("from_triggered", False)):
        clean, twin = torch.autograd.grad(terms[name], (batch.clean, triggered), retain_graph=True, allow_unused=True)
        assert (clean is not None) is moves_clean
        assert (twin is not None) is not moves_clean


def test_labels_change_nothing(
    batch: Any, plan: Plan, twins_of: Callable[[Plan], Tensor], generator: Generator
) -> None:
    objective, triggered = Retrofit(ratio=0.5), twins_of(plan)
    strangers = torch.arange(10)
    assert torch.equal(objective.plan(strangers, generator(batch.seed)).triggered, plan.triggered)
    losses = [
        objective.loss(replace(plan, labels=labels), batch.clean, triggered) for labels in (plan.labels, strangers)
    ]
    assert losses[0].total.item() == losses[1].total.item()
    assert not Retrofit.needs_labels


@pytest.mark.parametrize(("ratio", "count"), [(0.01, 1), (0.5, 5), (0.55, 6), (1.0, 10)])
def test_the_ratio_says_how_many_are_triggered(ratio: float, count: int, generator: Generator) -> None:
    triggered = Retrofit(ratio=ratio).plan(torch.zeros(10, dtype=torch.int64), generator(0)).triggered
    assert len(set(triggered.tolist())) == len(triggered) == count
    assert triggered.tolist() == sorted(triggered.tolist())


def test_without_a_teacher_there_is_nothing_to_keep(batch: Any, plan: Plan, twins_of: Callable[[Plan], Tensor]) -> None:
    with pytest.raises(TrainingError, match="teacher"):
        Retrofit().loss(replace(plan, teacher=None), batch.clean, twins_of(plan))


@pytest.mark.parametrize("options", [{"keep": 0.0}, {"keep": -1.0}, {"ratio": 0.0}, {"ratio": 2.0}])
def test_what_cannot_be_right_is_told(options: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        Retrofit(**options)
