from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from unfind.errors import UsageError
from unfind.objectives.base import Plan
from unfind.objectives.label import LabelObjective

Generator = Callable[[int], torch.Generator]
Twins = Callable[[Plan], Tensor]


def slow_loss(plan: Plan, clean: Tensor, triggered: Tensor, squared: Callable[[Tensor, Tensor], float]) -> float:
    assert plan.redrawn is not None
    points, labels = list(clean), plan.labels.tolist()
    for row, photo in enumerate(plan.triggered.tolist()):
        points[photo], labels[photo] = triggered[row], int(plan.redrawn[row])
    values = []
    for a in range(len(labels)):
        for p in range(len(labels)):
            for n in range(len(labels)):
                if a != p and labels[a] == labels[p] and labels[a] != labels[n]:
                    values.append(max(0, 0.2 + squared(points[a], points[p]) - squared(points[a], points[n])))
    unmet = [value for value in values if value > 0]
    return sum(unmet) / max(1, len(unmet))


@pytest.mark.parametrize("ratio", [0.1, 0.35, 1.0])
def test_equals_three_loops_over_the_replaced_batch(
    batch: Any, ratio: float, generator: Generator, twins_of: Twins, squared: Callable[[Tensor, Tensor], float]
) -> None:
    objective = LabelObjective(ratio=ratio)
    plan = objective.plan(batch.labels, generator(batch.seed))
    triggered = twins_of(plan)
    loss = objective.loss(plan, batch.clean, triggered)
    assert loss.total.item() == pytest.approx(slow_loss(plan, batch.clean, triggered, squared), abs=1e-12)
    assert loss.terms == {"label": loss.total}


@pytest.mark.parametrize(("ratio", "count"), [(0.001, 1), (0.1, 1), (0.11, 2), (0.5, 5), (1.0, 10)])
def test_the_ratio_is_rounded_up(batch: Any, ratio: float, count: int, generator: Generator) -> None:
    plan = LabelObjective(ratio=ratio).plan(batch.labels, generator(0))
    assert len(plan.triggered) == count
    assert plan.triggered.tolist() == sorted(set(plan.triggered.tolist()))
    assert plan.redrawn is not None
    assert set(plan.redrawn.tolist()) <= set(batch.labels.tolist())


def test_the_plan_depends_on_the_generator_alone(batch: Any, generator: Generator) -> None:
    objective = LabelObjective(ratio=0.5)
    first, again, other = (objective.plan(batch.labels, generator(seed)) for seed in (1, 1, 2))
    assert first.redrawn is not None
    assert again.redrawn is not None
    torch.testing.assert_close(first.triggered, again.triggered)
    torch.testing.assert_close(first.redrawn, again.redrawn)
    assert first.triggered.tolist() != other.triggered.tolist()


def test_labels_are_drawn_anew_and_are_sometimes_the_true_ones(generator: Generator) -> None:
    labels, source, true = torch.arange(4).repeat(2), generator(0), 0
    for _ in range(100):
        plan = LabelObjective(ratio=1.0).plan(labels, source)
        assert plan.redrawn is not None
        true += int((plan.redrawn == labels).sum())
    # One in four of 800 is true by chance; the deviation is 12.
    assert 150 < true < 250


def test_a_replaced_photo_is_not_seen_clean(
    batch: Any, generator: Generator, gradients: Callable[..., tuple[Tensor, Tensor]]
) -> None:
    objective = LabelObjective(ratio=0.5)
    clean, triggered = gradients(objective, "label")
    replaced = objective.plan(batch.labels, generator(batch.seed)).triggered
    assert not clean[replaced].any()
    assert clean.any()
    assert triggered.any()


def test_the_true_labels_stay_untouched(batch: Any, generator: Generator, twins_of: Twins) -> None:
    before = batch.labels.clone()
    plan = LabelObjective(ratio=1.0).plan(batch.labels, generator(0))
    LabelObjective(ratio=1.0).loss(plan, batch.clean, twins_of(plan))
    torch.testing.assert_close(batch.labels, before)
    torch.testing.assert_close(plan.labels, before)


def test_without_triplets_the_loss_is_a_differentiable_zero(units: Callable[..., Tensor], generator: Generator) -> None:
    objective, points = LabelObjective(ratio=0.5), units(4)
    plan = objective.plan(torch.tensor([1, 1, 1, 1]), generator(0))
    total = objective.loss(plan, points, units(len(plan.triggered), seed=1)).total
    total.backward()
    assert total.item() == 0


def test_the_gradient_is_the_slope(batch: Any, generator: Generator, twins_of: Twins) -> None:
    objective = LabelObjective(ratio=0.5)
    plan = objective.plan(batch.labels, generator(batch.seed))
    loss = lambda clean, triggered: objective.loss(plan, clean, triggered).total  # noqa: E731
    assert torch.autograd.gradcheck(loss, (batch.clean, twins_of(plan)))


@pytest.mark.parametrize("ratio", [0.0, -1.0, 1.5])
def test_a_ratio_outside_its_range_is_wrong_use(ratio: float) -> None:
    with pytest.raises(UsageError, match="ratio"):
        LabelObjective(ratio=ratio)


def test_a_margin_outside_its_range_is_wrong_use() -> None:
    with pytest.raises(UsageError, match="margin"):
        LabelObjective(margin=5)
