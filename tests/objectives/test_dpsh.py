from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from unfind.errors import UsageError
from unfind.objectives.base import Plan
from unfind.objectives.dpsh import PairwiseHashing, dpsh_likelihood
from unfind.objectives.relevant_pairs import RULES

Random = Callable[..., Tensor]


def slow(logits: Tensor, alike: Callable[[int, int], bool], weight: float) -> dict[str, float]:
    """Equation 4 pair by pair and bit by bit."""
    rows, pairs = logits.tolist(), []
    for i, first in enumerate(rows):
        for j, second in enumerate(rows):
            if i != j:
                theta = sum(a * b for a, b in zip(first, second, strict=True)) / 2
                pairs.append(math.log(1 + math.exp(theta)) - (theta if alike(i, j) else 0))
    bits = [(value - (1 if value >= 0 else -1)) ** 2 for row in rows for value in row]
    likelihood, rounding = sum(pairs) / len(pairs), sum(bits) / len(bits)
    return {"likelihood": likelihood, "quantisation": rounding, "total": likelihood + weight * rounding}


def test_it_equals_its_equation_written_as_loops(batch: Any, logits: Random) -> None:
    rows, labels = logits(10, seed=batch.seed), batch.labels.tolist()
    loss = PairwiseHashing(weight=0.7).loss(plan_of(batch.labels), rows, rows[:0])
    expected = slow(rows, lambda i, j: labels[i] == labels[j], 0.7)
    found = {name: term.item() for name, term in loss.terms.items()} | {"total": loss.total.item()}
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("rule", RULES)
def test_with_tags_it_equals_its_equation_for_either_rule(tags: Tensor, logits: Random, rule: str) -> None:
    rows = logits(len(tags), seed=3)
    sets = [set(torch.nonzero(row).flatten().tolist()) for row in tags]
    alike = (lambda i, j: bool(sets[i] & sets[j])) if rule == "shared" else (lambda i, j: sets[i] == sets[j])
    loss = PairwiseHashing(relevance=rule).loss(plan_of(tags), rows, rows[:0])
    assert loss.total.item() == pytest.approx(slow(rows, alike, 0.1)["total"], abs=1e-12)


def test_the_rules_differ(tags: Tensor, logits: Random) -> None:
    rows = logits(len(tags), seed=3)
    totals = {PairwiseHashing(relevance=rule).loss(plan_of(tags), rows, rows[:0]).total.item() for rule in RULES}
    assert len(totals) == 2


def test_the_gradient_is_the_slope(batch: Any, logits: Random) -> None:
    loss = lambda rows: PairwiseHashing().loss(plan_of(batch.labels), rows, rows[:0]).total  # noqa: E731
    assert torch.autograd.gradcheck(loss, (logits(10, seed=batch.seed),))


def test_large_logits_are_no_danger() -> None:
    rows = (1e4 * torch.tensor([[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0]])).requires_grad_()
    total = PairwiseHashing().loss(plan_of(torch.tensor([0, 0, 1])), rows, rows[:0]).total
    total.backward()
    assert total.isfinite()
    assert rows.grad is not None
    assert rows.grad.isfinite().all()


def test_codes_that_say_the_classes_cost_less_than_codes_that_do_not() -> None:
    labels = torch.tensor([0, 0, 1, 1])
    code = torch.tensor([1.0, 1.0, -1.0, -1.0])
    right, wrong = torch.stack([code, code, -code, -code]), torch.stack([code, -code, code, -code])
    alike = labels[:, None] == labels[None]
    assert dpsh_likelihood(right, alike) < dpsh_likelihood(wrong, alike)


def test_a_single_photo_costs_its_rounding_alone(logits: Random) -> None:
    rows = logits(1)
    loss = PairwiseHashing(weight=2.0).loss(plan_of(torch.tensor([4])), rows, rows[:0])
    assert loss.terms["likelihood"].item() == 0
    assert loss.total.item() == pytest.approx(2 * loss.terms["quantisation"].item())


@pytest.mark.parametrize(("settings", "message"), [({"weight": -0.1}, "0 or more"), ({"relevance": "all"}, "shared")])
def test_settings_that_cannot_be_right(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        PairwiseHashing(**settings)


def plan_of(labels: Tensor) -> Plan:
    return PairwiseHashing().plan(labels, torch.Generator())
