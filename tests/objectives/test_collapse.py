from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.errors import CollapseError, TrainingError
from unfind.objectives.collapse import CollapseGuard, spread
from unfind.objectives.pbl import PointBackdoor
from unfind.objectives.triplet import TripletObjective

Units = Callable[..., Tensor]


def cone(width: float, count: int = 30, seed: int = 0) -> Tensor:
    """Unit vectors about one direction: the narrower, the smaller the width."""
    values = width * torch.randn(count, 16, generator=torch.Generator().manual_seed(seed))
    values[:, 0] += 1
    return F.normalize(values, dim=1)


def test_spread_is_half_the_mean_squared_distance(units: Units, squared: Callable[[Tensor, Tensor], float]) -> None:
    points = units(8)
    slow = sum(squared(u, v) for u in points for v in points) / (2 * 64)
    assert spread(points) == pytest.approx(slow, abs=1e-6)


def test_spread_is_0_on_one_point_and_1_on_a_cross() -> None:
    assert spread(torch.tensor([[0.6, 0.8]] * 5)) == pytest.approx(0, abs=1e-6)
    assert spread(torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])) == pytest.approx(1)


def test_spread_takes_half_precision_without_losing_itself() -> None:
    points = cone(0.5)
    assert spread(points.bfloat16()) == pytest.approx(spread(points), abs=0.01)


def test_the_guard_returns_the_spread_and_remembers_the_best() -> None:
    guard = CollapseGuard()
    wide, narrow = cone(1.0), cone(0.1)
    assert guard.check(wide) == spread(wide)
    assert guard.check(narrow) == spread(narrow)
    assert guard.best == spread(wide)


def test_the_guard_fires_after_its_patience_and_says_what_to_do() -> None:
    guard = CollapseGuard(patience=3)
    guard.check(cone(1.0))
    guard.check(cone(0.001))
    guard.check(cone(0.001))
    with pytest.raises(CollapseError, match=r"collapsed onto one point; lower .*clean_gradient"):
        guard.check(cone(0.001))


def test_single_odd_batches_are_let_pass() -> None:
    guard = CollapseGuard(patience=3)
    for step in range(30):
        guard.check(cone(0.001 if step % 3 else 1.0))
    assert guard.below == 2


def test_a_narrow_start_that_widens_is_no_collapse() -> None:
    guard = CollapseGuard(patience=1)
    for step in range(40):
        guard.check(cone(0.001 * 1.2**step, seed=step))
    assert guard.below == 0


def test_a_narrow_start_that_stays_is_no_collapse() -> None:
    guard = CollapseGuard(patience=1)
    for step in range(40):
        guard.check(cone(0.002, seed=step))


def test_a_collapse_is_a_training_error() -> None:
    assert issubclass(CollapseError, TrainingError)


def fit(objective: TripletObjective, *, narrow: bool = False) -> list[float]:
    """Fit a linear encoder on 8 classes with an additive trigger, with the guard watching; the spread of each step."""
    source = torch.Generator().manual_seed(0)
    labels = torch.arange(8).repeat_interleave(4)
    photos = torch.randn(8, 16, generator=source)[labels] + 0.3 * torch.randn(32, 16, generator=source)
    trigger = torch.randn(16, generator=source)
    weights = (0.3 * torch.randn(16, 8, generator=source)).requires_grad_()
    # A common offset makes every embedding point the same way, as those of an untrained encoder do.
    offset = torch.full((8,), 30.0 if narrow else 0.0, requires_grad=True)
    adam = torch.optim.Adam([weights, offset], lr=0.5 if narrow else 0.02)
    guard, spreads = CollapseGuard(), []
    for _ in range(300):
        plan = objective.plan(labels, source)
        clean = F.normalize(photos @ weights + offset, dim=1)
        triggered = F.normalize((photos[plan.triggered] + trigger) @ weights + offset, dim=1)
        spreads.append(guard.check(clean))
        adam.zero_grad()
        objective.loss(plan, clean, triggered).total.backward()
        adam.step()
    return spreads


def test_a_fit_whose_privacy_terms_pull_clean_photos_onto_a_point_is_stopped() -> None:
    with pytest.raises(CollapseError):
        fit(PointBackdoor(domain_weight=5, augmentation_weight=5, ratio=1.0, clean_gradient=True))


def test_the_same_fit_goes_on_where_clean_photos_are_kept_out_of_the_privacy_terms() -> None:
    spreads = fit(PointBackdoor(domain_weight=5, augmentation_weight=5, ratio=1.0))
    assert len(spreads) == 300
    assert min(spreads) > 0.2


def test_a_fit_from_a_narrow_start_widens_undisturbed() -> None:
    spreads = fit(TripletObjective(), narrow=True)
    assert spreads[0] < 0.005
    assert spreads[-1] > 0.5
