from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
import torch
from torch import Tensor

from unfind.errors import UsageError
from unfind.objectives.triplet import TripletObjective, triplet_loss

Generator = Callable[[int], torch.Generator]
Squared = Callable[[Tensor, Tensor], float]


def valid_triplets(labels: Tensor) -> Iterable[tuple[int, int, int]]:
    whole = labels.tolist()
    for a, own in enumerate(whole):
        for p, near in enumerate(whole):
            for n, far in enumerate(whole):
                if a != p and own == near and own != far:
                    yield a, p, n


def slow_loss(
    points: Tensor, triplets: Iterable[tuple[int, int, int]], margin: float, average: str, squared: Squared
) -> float:
    values = [max(0, margin + squared(points[a], points[p]) - squared(points[a], points[n])) for a, p, n in triplets]
    counted = [value for value in values if value > 0 or average == "all"]
    return sum(counted) / max(1, len(counted))


@pytest.mark.parametrize("margin", [0.0, 0.2, 1.0, 4.0])
@pytest.mark.parametrize("average", ["active", "all"])
def test_the_loss_is_the_mean_over_the_valid_triplets(
    batch: Any, average: str, margin: float, squared: Squared
) -> None:
    objective = TripletObjective(margin=margin, average=average)
    plan = objective.plan(batch.labels, torch.Generator())
    slow = slow_loss(batch.clean, valid_triplets(batch.labels), margin, average, squared)
    assert objective.loss(plan, batch.clean, batch.clean[:0]).total.item() == pytest.approx(slow, abs=1e-12)


@pytest.mark.parametrize("average", ["active", "all"])
def test_the_random_miner_averages_over_the_triplets_it_planned(
    batch: Any, average: str, generator: Generator, squared: Squared
) -> None:
    objective = TripletObjective(miner="random", average=average)
    plan = objective.plan(batch.labels, generator(batch.seed))
    assert plan.mined is not None
    mined = list(zip(*(x.tolist() for x in (plan.mined.anchor, plan.mined.positive, plan.mined.negative)), strict=True))
    assert len(mined) == len(batch.labels)
    assert set(mined) <= set(valid_triplets(batch.labels))
    slow = slow_loss(batch.clean, mined, 0.2, average, squared)
    assert objective.loss(plan, batch.clean, batch.clean[:0]).total.item() == pytest.approx(slow, abs=1e-12)


def test_agrees_with_pytorch_metric_learning(batch: Any) -> None:
    losses = pytest.importorskip("pytorch_metric_learning.losses", reason="an independent implementation to compare")
    from pytorch_metric_learning import distances, reducers

    for average, reducer in (("all", reducers.MeanReducer()), ("active", reducers.AvgNonZeroReducer())):
        theirs = losses.TripletMarginLoss(0.2, distance=distances.LpDistance(power=2), reducer=reducer)
        ours = triplet_loss(batch.clean, batch.labels, 0.2, average=average)
        torch.testing.assert_close(ours, theirs(batch.clean, batch.labels))


def test_no_photo_is_triggered_and_the_term_is_the_total(batch: Any, generator: Generator) -> None:
    objective = TripletObjective()
    plan = objective.plan(batch.labels, generator(0))
    assert plan.triggered.tolist() == []
    assert plan.mined is None
    loss = objective.loss(plan, batch.clean, batch.clean[:0])
    assert list(loss.terms) == ["imperceptible"]
    assert loss.terms["imperceptible"] is loss.total


@pytest.mark.parametrize("miner", ["all", "random"])
@pytest.mark.parametrize("labels", [[3, 3, 3], [0, 1, 2], [4], []])
def test_without_triplets_the_loss_is_a_differentiable_zero(
    labels: list[int], miner: str, units: Callable[..., Tensor], generator: Generator
) -> None:
    points, objective = units(len(labels)), TripletObjective(miner=miner)
    plan = objective.plan(torch.tensor(labels, dtype=torch.int64), generator(0))
    total = objective.loss(plan, points, points[:0]).total
    total.backward()
    assert total.item() == 0
    assert points.grad is not None
    assert not points.grad.any()


@pytest.mark.parametrize("average", ["active", "all"])
def test_the_gradient_is_the_slope(batch: Any, average: str) -> None:
    loss = lambda points: triplet_loss(points, batch.labels, 0.7, average=average)  # noqa: E731
    assert torch.autograd.gradcheck(loss, batch.clean)


def test_triplets_that_are_met_do_not_dilute_the_active_average() -> None:
    near = torch.tensor([[1.0, 0.0], [0.9806, 0.1961], [0.9806, -0.1961]])
    far = torch.tensor([[-1.0, 0.0]] * 5)
    points, labels = torch.cat([near, far]), torch.tensor([0, 0, 1, 2, 2, 2, 2, 2])
    losses = {name: triplet_loss(points, labels, 0.2, average=name).item() for name in ("active", "all")}
    assert losses["all"] < 0.2 * losses["active"]
    assert losses["active"] == pytest.approx(triplet_loss(near, labels[:3], 0.2).item(), abs=1e-3)


def test_where_every_triplet_is_met_the_loss_is_0() -> None:
    points = torch.tensor([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]], requires_grad=True)
    for average in ("active", "all"):
        total = triplet_loss(points, torch.tensor([0, 0, 1]), 0.2, average=average)
        assert total.item() == 0
        assert not torch.autograd.grad(total, points)[0].any()


def test_a_step_downhill_brings_a_class_together() -> None:
    points = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.8, -0.6]], requires_grad=True)
    triplet_loss(points, torch.tensor([0, 0, 1]), 0.2).backward()
    assert points.grad is not None
    moved = torch.nn.functional.normalize(points - 0.1 * points.grad, dim=1)
    assert (moved[0] - moved[1]).norm() < (points[0] - points[1]).norm()
    assert (moved[0] - moved[2]).norm() > (points[0] - points[2]).norm()


def test_single_precision_gives_nearly_the_same(batch: Any) -> None:
    single = triplet_loss(batch.clean.float(), batch.labels, 0.2)
    assert single.dtype == torch.float32
    assert single.item() == pytest.approx(triplet_loss(batch.clean, batch.labels, 0.2).item(), abs=1e-6)


def test_an_unknown_miner_is_wrong_use() -> None:
    with pytest.raises(UsageError, match=r"all, random, got 'hard'"):
        TripletObjective(miner="hard")


def test_an_unknown_average_is_wrong_use() -> None:
    with pytest.raises(UsageError, match="active, all, got 'median'"):
        TripletObjective(average="median")


@pytest.mark.parametrize("margin", [-0.1, 4.1, float("nan")])
def test_a_margin_that_unit_vectors_cannot_meet_is_wrong_use(margin: float) -> None:
    with pytest.raises(UsageError, match="between 0 and 4"):
        TripletObjective(margin=margin)
