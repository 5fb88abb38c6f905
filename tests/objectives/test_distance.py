from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from unfind.objectives.distance import squared_distances

Units = Callable[..., Tensor]


def test_equals_a_loop_over_all_pairs(units: Units, squared: Callable[[Tensor, Tensor], float]) -> None:
    left, right = units(5, seed=0), units(7, seed=1)
    slow = torch.tensor([[squared(u, v) for v in right] for u in left], dtype=torch.float64)
    torch.testing.assert_close(squared_distances(left, right), slow)


def test_is_0_for_equal_and_4_for_opposite_vectors(units: Units) -> None:
    points = units(6)
    torch.testing.assert_close(squared_distances(points, points).diag(), torch.zeros(6, dtype=torch.float64))
    torch.testing.assert_close(squared_distances(points, -points).diag(), torch.full((6,), 4.0, dtype=torch.float64))


def test_single_precision_is_near_double(units: Units) -> None:
    points = units(50, dimension=64).detach()
    single = squared_distances(points.float(), points.float())
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), squared_distances(points, points), atol=1e-6, rtol=0)


def test_is_differentiable_on_both_sides(units: Units) -> None:
    assert torch.autograd.gradcheck(squared_distances, (units(3, seed=0), units(4, seed=1)))
