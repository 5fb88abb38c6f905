from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from unfind.errors import UsageError
from unfind.objectives.base import Plan
from unfind.objectives.hashnet import HashNet, hashnet_likelihood, pair_weights

Random = Callable[..., Tensor]
Common = Callable[[int, int], float]


def slow(outputs: Tensor, common: Common, slope: float) -> float:
    """Equations 2 to 4 pair by pair; ``common`` is 0 for unlike pairs, else what like ones have in common."""
    rows, count = outputs.tolist(), len(outputs)
    pairs = [(i, j) for i in range(count) for j in range(count) if i != j]
    like = sum(common(i, j) > 0 for i, j in pairs)
    total = 0.0
    for i, j in pairs:
        affinity = slope * sum(a * b for a, b in zip(rows[i], rows[j], strict=True))
        same = common(i, j) > 0
        weight = common(i, j) * len(pairs) / like if same else len(pairs) / (len(pairs) - like)
        total += weight * (math.log(1 + math.exp(affinity)) - (affinity if same else 0))
    return total / len(pairs)


@pytest.mark.parametrize("slope", [None, 0.5])
def test_it_equals_its_equations_written_as_loops(batch: Any, logits: Random, slope: float | None) -> None:
    rows, labels = logits(10, seed=batch.seed), batch.labels.tolist()
    loss = HashNet(slope=slope).loss(plan_of(batch.labels), rows, rows[:0])
    expected = slow(torch.tanh(rows), lambda i, j: float(labels[i] == labels[j]), slope or 10 / rows.shape[1])
    assert loss.total.item() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("rule", ["shared", "identical"])
def test_with_tags_it_equals_its_equations(tags: Tensor, logits: Random, rule: str) -> None:
    rows = logits(len(tags), seed=4)
    sets = [set(torch.nonzero(row).flatten().tolist()) for row in tags]

    def common(i: int, j: int) -> float:
        if rule == "identical":
            return float(sets[i] == sets[j])
        return len(sets[i] & sets[j]) / max(1, len(sets[i] | sets[j]))

    loss = HashNet(relevance=rule).loss(plan_of(tags), rows, rows[:0])
    assert loss.total.item() == pytest.approx(slow(torch.tanh(rows), common, 10 / rows.shape[1]), abs=1e-6)


def test_like_and_unlike_pairs_count_the_same(batch: Any) -> None:
    alike = batch.labels[:, None] == batch.labels[None]
    different = ~torch.eye(10, dtype=torch.bool)
    weights = pair_weights(alike, alike.float())
    assert weights[alike & different].sum().item() == pytest.approx(weights[~alike].sum().item(), rel=1e-6)
    assert (weights[alike & different].mean() / weights[~alike].mean()).item() > 2, "like pairs are the rarer ones here"


@pytest.mark.parametrize("labels", [[1, 1, 1], [1, 2, 3], [1]])
def test_one_kind_of_pairs_or_none_is_no_division_by_zero(labels: list[int], logits: Random) -> None:
    rows = logits(len(labels))
    total = HashNet().loss(plan_of(torch.tensor(labels)), rows, rows[:0]).total
    total.backward()
    assert total.isfinite()
    assert rows.grad is not None
    assert rows.grad.isfinite().all()


def test_the_gradient_is_the_slope(batch: Any, logits: Random) -> None:
    loss = lambda rows: HashNet().loss(plan_of(batch.labels), rows, rows[:0]).total  # noqa: E731
    assert torch.autograd.gradcheck(loss, (logits(10, seed=batch.seed),))


def test_the_scale_grows_with_the_steps_and_comes_back_from_the_state(batch: Any, logits: Random) -> None:
    objective, rows = HashNet(growth=0.5), logits(10)
    losses = [objective.loss(plan_of(batch.labels), rows, rows[:0]).total.item() for _ in range(3)]
    assert objective.scale == pytest.approx(math.sqrt(2.5))
    assert len(set(losses)) == 3
    again = HashNet(growth=0.5)
    assert again.scale == 1
    again.restore(objective.state())
    follow = [one.loss(plan_of(batch.labels), rows, rows[:0]).total.item() for one in (objective, again)]
    assert follow[0] == follow[1]
    alike = batch.labels[:, None] == batch.labels[None]
    outputs = torch.tanh(math.sqrt(2.5) * rows)
    expected = hashnet_likelihood(outputs, alike, pair_weights(alike, alike.double()), 10 / rows.shape[1])
    assert follow[0] == pytest.approx(expected.item(), abs=1e-12)


def test_without_growth_every_step_is_alike(batch: Any, logits: Random) -> None:
    objective, rows = HashNet(growth=0), logits(10)
    losses = {objective.loss(plan_of(batch.labels), rows, rows[:0]).total.item() for _ in range(3)}
    assert len(losses) == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"slope": 0}, "slope above 0"), ({"growth": -1}, "growth of 0 or more"), ({"relevance": "all"}, "shared")],
)
def test_settings_that_cannot_be_right(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        HashNet(**settings)


def plan_of(labels: Tensor) -> Plan:
    return HashNet().plan(labels, torch.Generator())
