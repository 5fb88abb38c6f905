from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from unfind.errors import UsageError
from unfind.objectives.base import Plan
from unfind.objectives.csq import CentralSimilarity, central_similarity, photo_centres
from unfind.objectives.hash_centres import hash_centres

Random = Callable[..., Tensor]


def slow(logits: Tensor, goals: Tensor, weight: float) -> float:
    """Equations 3 to 5 bit by bit."""
    entropy, rounding = [], []
    for row, goal in zip(logits.tolist(), goals.tolist(), strict=True):
        for u, c in zip(row, goal, strict=True):
            h = math.tanh(u)
            p, t = (h + 1) / 2, (c + 1) / 2
            entropy.append(-(t * math.log(p) + (1 - t) * math.log(1 - p)))
            rounding.append((abs(h) - 1) ** 2)
    return sum(entropy) / len(entropy) + weight * sum(rounding) / len(rounding)


def test_it_equals_its_equations_written_as_loops(batch: Any, logits: Random) -> None:
    rows = logits(10, seed=batch.seed)
    goals = torch.from_numpy(hash_centres(8, 8))[batch.labels]
    loss = CentralSimilarity(weight=0.3).loss(plan_of(batch.labels), rows, rows[:0])
    assert loss.total.item() == pytest.approx(slow(rows, goals, 0.3), abs=1e-12)
    assert loss.total.item() == pytest.approx(
        loss.terms["central"].item() + 0.3 * loss.terms["quantisation"].item(), abs=1e-12
    )


def test_with_tags_the_goal_is_the_majority(tags: Tensor, logits: Random) -> None:
    centres = torch.from_numpy(hash_centres(tags.shape[1], 8))
    goals = photo_centres(tags, centres)
    assert set(goals.unique().tolist()) == {-1, 1}
    undecided = set()
    for row, goal in zip(tags, goals, strict=True):
        votes = sum((centres[tag] for tag in torch.nonzero(row).flatten().tolist()), torch.zeros(8))
        for bit in range(8):
            if votes[bit] == 0:
                undecided.add((bit, goal[bit].item()))
            else:
                assert goal[bit] * votes[bit] > 0
    assert len(undecided) == len({bit for bit, _ in undecided}), "an undecided bit has one value in all photos"
    rows = logits(len(tags), seed=2)
    loss = CentralSimilarity().loss(plan_of(tags), rows, rows[:0])
    assert loss.total.item() == pytest.approx(slow(rows, goals, 1e-4), abs=1e-12)


def test_one_tag_is_as_good_as_a_class() -> None:
    centres, labels = torch.from_numpy(hash_centres(5, 16)), torch.tensor([4, 0, 2])
    assert torch.equal(photo_centres(torch.eye(5, dtype=torch.bool)[labels], centres), photo_centres(labels, centres))


def test_the_centre_of_a_class_does_not_depend_on_the_batch() -> None:
    objective = CentralSimilarity()
    few, many = objective.centres(3, 24).clone(), objective.centres(70, 24)
    assert torch.equal(few, many[:3])
    assert objective.centres(3, 32).shape == (3, 32)


def test_the_gradient_is_the_slope(batch: Any, logits: Random) -> None:
    loss = lambda rows: CentralSimilarity(weight=0.3).loss(plan_of(batch.labels), rows, rows[:0]).total  # noqa: E731
    assert torch.autograd.gradcheck(loss, (logits(10, seed=batch.seed),))


@pytest.mark.parametrize("size", [50.0, 1e4])
def test_saturated_outputs_are_no_danger(size: float) -> None:
    goals = torch.tensor([[1.0, -1.0]])
    rows = torch.tensor([[size, size]], requires_grad=True)
    value = central_similarity(rows, goals)
    value.backward()
    assert value.item() == pytest.approx(size)
    assert rows.grad is not None
    torch.testing.assert_close(rows.grad, torch.tensor([[0.0, 1.0]]))


def test_a_negative_weight_is_wrong_use() -> None:
    with pytest.raises(UsageError, match="0 or more"):
        CentralSimilarity(weight=-1)


def plan_of(labels: Tensor) -> Plan:
    return CentralSimilarity().plan(labels, torch.Generator())
