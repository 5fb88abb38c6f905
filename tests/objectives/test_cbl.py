from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from unfind.errors import TrainingError, UsageError
from unfind.objectives.base import Plan
from unfind.objectives.cbl import ClusterBackdoor, class_centres, farthest_centres
from unfind.objectives.triplet import triplet_loss

Generator = Callable[[int], torch.Generator]
Twins = Callable[[Plan], Tensor]
Squared = Callable[[Tensor, Tensor], float]
Units = Callable[..., Tensor]


def fitted(units: Units, **settings: Any) -> ClusterBackdoor:
    """An objective that has seen embeddings of a training set of 5 classes."""
    objective = ClusterBackdoor(**settings)
    objective.refresh(units(20, seed=77).detach(), torch.arange(20) % 5)
    return objective


def slow_domain(
    objective: ClusterBackdoor, plan: Plan, clean: Tensor, triggered: Tensor, squared: Squared
) -> list[float]:
    """Equation 6 for each pair of a triggered anchor and a clean relative."""
    assert objective.centres is not None
    labels, values = plan.labels.tolist(), []
    for row, a in enumerate(plan.triggered.tolist()):
        far = max(objective.centres, key=lambda centre: squared(clean[a], centre))
        for p in range(len(labels)):
            if p != a and labels[p] == labels[a]:
                near = squared(triggered[row], far)
                values.append(max(0, objective.margin + near - squared(triggered[row], clean[p])))
    return values


@pytest.mark.parametrize("normalise", [True, False])
@pytest.mark.parametrize("clean_gradient", [False, True])
@pytest.mark.parametrize("ratio", [0.3, 1.0])
def test_equals_equation_6_written_as_loops(
    batch: Any,
    ratio: float,
    clean_gradient: bool,
    normalise: bool,
    units: Units,
    generator: Generator,
    twins_of: Twins,
    squared: Squared,
) -> None:
    objective = fitted(
        units, ratio=ratio, clean_gradient=clean_gradient, normalise_centres=normalise, weight=3.0, margin=0.4
    )
    plan = objective.plan(batch.labels, generator(batch.seed))
    triggered = twins_of(plan)
    loss = objective.loss(plan, batch.clean, triggered)
    values = slow_domain(objective, plan, batch.clean, triggered, squared)
    slow = sum(values) / len(values) if values else 0.0
    assert loss.terms["domain"].item() == pytest.approx(slow, abs=1e-12)
    total = loss.terms["imperceptible"].item() + 3.0 * slow
    assert loss.total.item() == pytest.approx(total, abs=1e-12)
    assert ratio < 1 or slow > 0, "a term that is 0 compares nothing"


@pytest.mark.parametrize("average", ["active", "all"])
def test_the_imperceptible_term_is_that_of_clean_training(
    batch: Any, average: str, units: Units, generator: Generator, twins_of: Twins
) -> None:
    objective = fitted(units, ratio=0.5, average=average)
    plan = objective.plan(batch.labels, generator(0))
    found = objective.loss(plan, batch.clean, twins_of(plan)).terms["imperceptible"]
    torch.testing.assert_close(found, triplet_loss(batch.clean, batch.labels, 0.2, average=average))


def test_the_privacy_term_moves_triggered_photos_only(
    units: Units, gradients: Callable[..., tuple[Tensor, Tensor]]
) -> None:
    clean, triggered = gradients(fitted(units, ratio=1.0), "domain")
    assert not clean.any()
    assert triggered.any()


def test_the_privacy_term_moves_clean_relatives_too_where_asked(
    batch: Any, units: Units, gradients: Callable[..., tuple[Tensor, Tensor]]
) -> None:
    clean, triggered = gradients(fitted(units, ratio=1.0, clean_gradient=True), "domain")
    single = batch.labels == 0
    assert clean[~single].any()
    assert not clean[single].any(), "a photo without relatives is nobody's positive"
    assert triggered.any()


def test_the_gradient_is_the_slope(batch: Any, units: Units, generator: Generator, twins_of: Twins) -> None:
    objective = fitted(units, ratio=1.0, clean_gradient=True)
    plan = objective.plan(batch.labels, generator(batch.seed))
    loss = lambda clean, triggered: objective.loss(plan, clean, triggered).total  # noqa: E731
    assert torch.autograd.gradcheck(loss, (batch.clean, twins_of(plan)))


@pytest.mark.parametrize("labels", [[1, 1, 1], [0, 1, 2], []])
def test_without_triplets_the_loss_is_a_differentiable_zero(
    labels: list[int], units: Units, generator: Generator
) -> None:
    objective, clean = fitted(units, ratio=1.0), units(len(labels))
    plan = objective.plan(torch.tensor(labels, dtype=torch.int64), generator(0))
    triggered = units(len(plan.triggered), seed=1)
    total = objective.loss(plan, clean, triggered).total
    total.backward()
    assert total.item() == 0
    assert triggered.grad is not None
    assert not triggered.grad.any()


def test_the_plan_is_whole_classes_by_the_generator(generator: Generator) -> None:
    labels, objective = torch.arange(40).repeat_interleave(2), ClusterBackdoor(ratio=0.1)
    first, again, other = (objective.plan(labels, generator(seed)).triggered.tolist() for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert len(first) == 8
    assert torch.bincount(labels[torch.tensor(first)]).unique().tolist() == [0, 2]


@given(labels=st.lists(st.integers(-3, 9), min_size=1, max_size=12), normalise=st.booleans())
@settings(deadline=None, max_examples=50)
def test_centres_are_class_means_in_the_order_of_the_labels(labels: list[int], normalise: bool) -> None:
    source = torch.Generator().manual_seed(len(labels))
    points = torch.randn(len(labels), 3, generator=source, dtype=torch.float64)
    found = class_centres(points, torch.tensor(labels), normalise=normalise)
    for centre, label in zip(found, sorted(set(labels)), strict=True):
        members = [points[i] for i, other in enumerate(labels) if other == label]
        mean = sum(members[1:], members[0]) / len(members)
        torch.testing.assert_close(centre, mean / mean.norm() if normalise else mean)


def test_farthest_centres_equal_a_loop(units: Units, squared: Squared) -> None:
    points, centres = units(40, seed=1).detach(), units(30, seed=2).detach() * 0.9
    for point, found in zip(points, farthest_centres(points, centres), strict=True):
        assert squared(point, found) == pytest.approx(max(squared(point, centre) for centre in centres))


def test_the_farthest_centre_is_the_one_on_the_other_side() -> None:
    centres = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    found = farthest_centres(torch.tensor([[0.9, 0.1], [0.0, -1.0]]), centres)
    assert found.tolist() == [[-1.0, 0.0], [0.0, 1.0]]


def test_without_normalising_the_longest_centre_is_farther() -> None:
    centres = torch.tensor([[-0.2, 0.0], [-0.1, 0.9]])
    assert farthest_centres(torch.tensor([[1.0, 0.0]]), centres).tolist() == [centres[1].tolist()]


def test_refresh_replaces_the_centres(units: Units) -> None:
    objective = fitted(units)
    assert objective.needs_centres
    assert objective.centres is not None
    before = objective.centres.clone()
    objective.refresh(units(20, seed=78).detach(), torch.arange(20) % 4)
    assert before.shape == (5, 4)
    assert objective.centres.shape == (4, 4)
    torch.testing.assert_close(objective.centres.norm(dim=1), torch.ones(4, dtype=torch.float64))


def test_centres_are_fitted_to_the_batch_where_precisions_differ(units: Units, generator: Generator) -> None:
    objective = fitted(units, ratio=1.0)
    assert objective.centres is not None
    assert objective.centres.dtype == torch.float64
    labels = torch.tensor([0, 0, 1, 1])
    plan = objective.plan(labels, generator(0))
    loss = objective.loss(plan, units(4).float(), units(4, seed=1).float())
    assert loss.total.dtype == torch.float32


def test_a_restored_objective_gives_the_same_loss(
    batch: Any, units: Units, generator: Generator, twins_of: Twins
) -> None:
    objective, other = fitted(units, ratio=1.0), ClusterBackdoor(ratio=1.0)
    assert other.state() == {}
    other.restore(objective.state())
    plan = objective.plan(batch.labels, generator(0))
    mine, theirs = (o.loss(plan, batch.clean, twins_of(plan)).total for o in (objective, other))
    assert mine.item() == theirs.item()
    other.restore({})
    assert other.centres is None


def test_a_batch_before_the_centres_is_a_training_error(batch: Any, generator: Generator, twins_of: Twins) -> None:
    objective = ClusterBackdoor()
    plan = objective.plan(batch.labels, generator(0))
    with pytest.raises(TrainingError, match=r"call refresh\(\) first"):
        objective.loss(plan, batch.clean, twins_of(plan))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"weight": -1}, "weight of 0 or more"), ({"ratio": 0}, "ratio"), ({"ratio": 2}, "ratio"), ({"margin": 9}, "4")],
)
def test_settings_that_cannot_be_right_are_wrong_use(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        ClusterBackdoor(**arguments)
