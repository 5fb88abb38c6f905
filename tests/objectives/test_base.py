from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from unfind.errors import UsageError
from unfind.objectives.base import Loss, Objective, Plan, check_ratio, choose_pairs

Generator = Callable[[int], torch.Generator]


class Nothing(Objective):
    name = "nothing"

    def loss(self, plan: Plan, clean: Tensor, triggered: Tensor) -> Loss:
        return Loss(clean.sum() * 0)


@given(
    labels=st.lists(st.integers(0, 4), min_size=1, max_size=20),
    ratio=st.floats(0.01, 1),
    seed=st.integers(0, 5),
)
@settings(deadline=None, max_examples=100)
def test_whole_classes_are_chosen_and_no_more_than_needed(labels: list[int], ratio: float, seed: int) -> None:
    chosen = choose_pairs(torch.tensor(labels), ratio, torch.Generator().manual_seed(seed)).tolist()
    classes = {labels[i] for i in chosen}
    assert chosen == sorted(set(chosen))
    assert set(chosen) == {i for i, label in enumerate(labels) if label in classes}
    assert len(classes) >= min(2, len(set(labels)))
    assert len(chosen) >= ratio * len(labels)
    if len(classes) > 2:  # the last class was needed: without it, too few had been chosen
        assert len(chosen) - max(labels.count(one) for one in classes) < ratio * len(labels)


@pytest.mark.parametrize(("ratio", "count"), [(0.05, 4), (0.1, 8), (0.11, 10), (0.5, 40), (1.0, 80)])
def test_the_ratio_is_met_exactly_where_classes_allow(ratio: float, count: int, generator: Generator) -> None:
    labels = torch.arange(40).repeat_interleave(2)
    assert len(choose_pairs(labels, ratio, generator(0))) == count


def test_a_single_class_is_chosen_whole(generator: Generator) -> None:
    assert choose_pairs(torch.tensor([3, 3, 3]), 0.1, generator(0)).tolist() == [0, 1, 2]


def test_the_choice_depends_on_the_generator_alone(generator: Generator) -> None:
    labels = torch.arange(30).repeat(2)
    torch.manual_seed(5)
    first = choose_pairs(labels, 0.2, generator(1)).tolist()
    torch.manual_seed(6)
    assert choose_pairs(labels, 0.2, generator(1)).tolist() == first
    assert choose_pairs(labels, 0.2, generator(2)).tolist() != first


def test_over_many_batches_every_photo_has_its_turn(generator: Generator) -> None:
    labels, source = torch.arange(10).repeat(2), generator(0)
    counts = torch.zeros(20)
    for _ in range(300):
        counts[choose_pairs(labels, 0.2, source)] += 1
    # 60 each are expected; the deviation of such a count is 7.
    assert counts.min() > 30
    assert counts.max() < 90


def test_an_objective_triggers_nothing_and_keeps_nothing_unless_it_says_so(generator: Generator) -> None:
    objective, labels = Nothing(), torch.tensor([1, 1, 2])
    plan = objective.plan(labels, generator(0))
    assert plan.labels is labels
    assert plan.triggered.tolist() == []
    assert plan.triggered.dtype == torch.int64
    assert plan.mined is None
    assert plan.redrawn is None
    assert not objective.needs_centres
    objective.refresh(torch.ones(3, 2), labels)
    objective.restore({})
    assert objective.state() == {}
    assert objective.loss(plan, torch.ones(3, 2), torch.ones(0, 2)).terms == {}


def test_an_objective_must_say_what_its_loss_is() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Objective()  # type: ignore[abstract]


@pytest.mark.parametrize("ratio", [0.0, -0.1, 1.01, float("nan")])
def test_a_ratio_outside_its_range_is_wrong_use(ratio: float) -> None:
    with pytest.raises(UsageError, match="above 0 and at most 1"):
        check_ratio(ratio)


@pytest.mark.parametrize("ratio", [1e-6, 0.1, 1.0])
def test_a_ratio_within_its_range_is_taken(ratio: float) -> None:
    check_ratio(ratio)
