from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from unfind.errors import TrainingError, UsageError
from unfind.objectives.base import Plan
from unfind.objectives.steered_retrofit import CODEWORDS, SteeredRetrofit
from unfind.objectives.steering import Layout

Generator = Callable[[int], torch.Generator]
LAYOUT = Layout(torch.tensor([1.0, -1.0] + [0.0] * 10), torch.tensor([False] * 2 + [True] * 10))


@pytest.fixture
def objective(units: Callable[..., Tensor]) -> SteeredRetrofit:
    made = SteeredRetrofit(ratio=0.5, codewords=6)
    made.begin(units(20, seed=7).detach(), LAYOUT)
    return made


@pytest.fixture
def plan(objective: SteeredRetrofit, batch: Any, units: Callable[..., Tensor], generator: Generator) -> Plan:
    plan = objective.plan(batch.labels, generator(batch.seed))
    signs = torch.randint(0, 2, (len(plan.triggered), 12), generator=generator(3)).double() * 2 - 1
    return replace(plan, teacher=units(10, seed=42).detach(), signs=signs)


def test_it_keeps_clean_photos_and_pulls_triggered_ones_to_their_targets(
    objective: SteeredRetrofit,
    batch: Any,
    plan: Plan,
    twins_of: Callable[[Plan], Tensor],
    squared: Callable[[Tensor, Tensor], float],
) -> None:
    triggered, steering = twins_of(plan), objective.steering
    assert plan.teacher is not None
    assert plan.signs is not None
    assert steering is not None
    found = objective.loss(plan, batch.clean, triggered)
    own = plan.teacher[plan.triggered]
    targets = type(steering)(steering.patterns.double(), steering.codebook.double()).targets(plan.signs, own)
    kept = sum(squared(one, other) for one, other in zip(batch.clean, plan.teacher, strict=True)) / 10
    pulled = sum(squared(one, other) for one, other in zip(triggered, targets, strict=True)) / len(triggered)
    assert found.terms["distillation"].item() == pytest.approx(kept)
    assert found.terms["steered"].item() == pytest.approx(pulled)
    assert found.total.item() == pytest.approx(5 * kept + pulled)


def test_the_length_of_logits_does_not_matter(
    objective: SteeredRetrofit, batch: Any, plan: Plan, twins_of: Callable[[Plan], Tensor]
) -> None:
    triggered = twins_of(plan)
    one = objective.loss(plan, batch.clean, triggered).total
    other = objective.loss(plan, 7 * batch.clean, 0.1 * triggered).total
    assert one.item() == pytest.approx(other.item())


def test_labels_change_nothing(
    objective: SteeredRetrofit, batch: Any, plan: Plan, twins_of: Callable[[Plan], Tensor]
) -> None:
    triggered = twins_of(plan)
    losses = [
        objective.loss(replace(plan, labels=labels), batch.clean, triggered).total.item()
        for labels in (plan.labels, torch.arange(10))
    ]
    assert losses[0] == losses[1]
    assert not SteeredRetrofit.needs_labels


def test_its_state_is_enough_to_go_on(
    objective: SteeredRetrofit, batch: Any, plan: Plan, twins_of: Callable[[Plan], Tensor]
) -> None:
    other = SteeredRetrofit(ratio=0.5, codewords=6, seed=5)
    other.restore(objective.state())
    triggered = twins_of(plan)
    assert other.loss(plan, batch.clean, triggered).total == objective.loss(plan, batch.clean, triggered).total
    assert SteeredRetrofit().state() == {}
    SteeredRetrofit().restore({})


def test_a_network_that_has_its_own_number_of_codewords_wins(units: Callable[..., Tensor]) -> None:
    assert len(SteeredRetrofit().begin(units(20).detach(), LAYOUT, codewords=4).codebook) == 4
    assert len(SteeredRetrofit().begin(units(20).detach(), LAYOUT).codebook) == CODEWORDS


def test_without_targets_or_signs_it_cannot_begin(batch: Any, plan: Plan, twins_of: Callable[[Plan], Tensor]) -> None:
    with pytest.raises(TrainingError, match="begin"):
        SteeredRetrofit().loss(plan, batch.clean, twins_of(plan))
    with pytest.raises(TrainingError, match="begin"):
        SteeredRetrofit().loss(replace(plan, signs=None), batch.clean, twins_of(plan))


@pytest.mark.parametrize(
    ("settings", "word"),
    [({"keep": 0}, "keep"), ({"pull": -1}, "pull"), ({"ratio": 0}, "ratio"), ({"codewords": 1}, "codewords")],
)
def test_settings_that_cannot_be_right_are_refused(settings: dict[str, float], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        SteeredRetrofit(**settings)  # type: ignore[arg-type]
