from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from unfind.errors import UsageError
from unfind.objectives.dispersal import DispersalObjective, dispersal, dispersal_among
from unfind.objectives.triplet import triplet_loss

Generator = Callable[[int], torch.Generator]


def slow(cosines: list[list[float]]) -> float:
    """The formula number by number."""
    values = [value for row in cosines for value in row]
    mean = sum(max(0.0, value) ** 2 for value in values) / len(values)
    nearest = [math.log1p(math.exp(10 * (max(row) - 0.3))) for row in cosines]
    return mean + 0.1 * sum(nearest) / len(nearest)


def rows_of(left: Tensor, right: Tensor) -> list[list[float]]:
    return [[sum(a * b for a, b in zip(u, v, strict=True)) for v in right.tolist()] for u in left.tolist()]


def test_it_equals_the_formula_written_as_loops(units: Callable[..., Tensor]) -> None:
    left, right = units(5), units(7, seed=1)
    assert dispersal(left @ right.T).item() == pytest.approx(slow(rows_of(left, right)), abs=1e-12)


def test_among_themselves_photos_are_not_their_own_neighbours(units: Callable[..., Tensor]) -> None:
    embeddings = units(6)
    rows = rows_of(embeddings, embeddings)
    others = [[value for j, value in enumerate(row) if j != i] for i, row in enumerate(rows)]
    assert dispersal_among(embeddings).item() == pytest.approx(slow(others), abs=1e-12)


@pytest.mark.parametrize("count", [0, 1])
def test_nobody_to_be_like_is_a_differentiable_zero(count: int, units: Callable[..., Tensor]) -> None:
    embeddings = units(count)
    total = dispersal_among(embeddings) + dispersal(embeddings[:, :0])
    total.backward()
    assert total.item() == 0


def test_opposite_photos_cost_least_and_equal_ones_most() -> None:
    costs = [dispersal(torch.full((3, 4), value)).item() for value in (-1.0, 0.0, 0.3, 0.6, 1.0)]
    assert costs == sorted(costs)
    assert costs[0] < 1e-6 < 0.01 < costs[2]


def test_a_step_downhill_takes_a_photo_from_its_nearest_neighbour(units: Callable[..., Tensor]) -> None:
    triggered, clean = units(1), torch.nn.functional.normalize(units(1) + 0.2 * units(1, seed=3), dim=1).detach()
    dispersal(triggered @ clean.T).backward()
    assert triggered.grad is not None
    moved = torch.nn.functional.normalize(triggered.detach() - 0.1 * triggered.grad, dim=1)
    assert (moved * clean).sum().item() < (triggered.detach() * clean).sum().item()


def test_the_objective_adds_both_to_the_clean_triplets(
    batch: Any, generator: Generator, twins_of: Callable[[Any], Tensor]
) -> None:
    objective = DispersalObjective(weight=2.0, ratio=0.5, margin=0.3)
    plan = objective.plan(batch.labels, generator(batch.seed))
    triggered = twins_of(plan)
    found = objective.loss(plan, batch.clean, triggered)
    parts = {
        "imperceptible": triplet_loss(batch.clean, batch.labels, 0.3).item(),
        "from_clean": slow(rows_of(triggered, batch.clean)),
        "from_triggered": dispersal_among(triggered).item(),
    }
    assert {name: term.item() for name, term in found.terms.items()} == pytest.approx(parts, abs=1e-12)
    total = parts["imperceptible"] + 2 * (parts["from_clean"] + parts["from_triggered"])
    assert found.total.item() == pytest.approx(total, abs=1e-12)


@pytest.mark.parametrize("term", ["from_clean", "from_triggered"])
def test_dispersal_moves_triggered_photos_only(gradients: Callable[..., tuple[Tensor, Tensor]], term: str) -> None:
    clean, triggered = gradients(DispersalObjective(ratio=0.5), term)
    assert not clean.any()
    assert triggered.any()


@pytest.mark.parametrize("options", [{"weight": -1.0}, {"ratio": 0.0}, {"ratio": 1.5}])
def test_what_cannot_be_right_is_told(options: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        DispersalObjective(**options)
