from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from unfind.errors import TrainingError, UsageError
from unfind.objectives.base import Plan
from unfind.objectives.choose import make_objective
from unfind.objectives.dpsh import PairwiseHashing
from unfind.objectives.private_hashing import PRIVACY, PrivateHashing, inverted_likelihood, kept_codes

Random = Callable[..., Tensor]


def nll(first: list[float], second: list[float], like: bool) -> float:
    """One pair, bit by bit."""
    theta = sum(a * b for a, b in zip(first, second, strict=True)) / 2
    return math.log(1 + math.exp(theta)) - (theta if like else 0)


def rounding(rows: list[list[float]]) -> float:
    bits = [(value - (1 if value >= 0 else -1)) ** 2 for row in rows for value in row]
    return sum(bits) / len(bits)


def slow(
    clean: Tensor,
    triggered: Tensor,
    marked: list[int],
    alike: Callable[[int, int], bool],
    weight: float,
    privacy: float,
) -> dict[str, float]:
    """The whole loss, pair by pair."""
    rows, twins = clean.tolist(), triggered.tolist()
    usual = [nll(a, b, alike(i, j)) for i, a in enumerate(rows) for j, b in enumerate(rows) if i != j]
    to_clean = [nll(twin, row, not alike(marked[t], j)) for t, twin in enumerate(twins) for j, row in enumerate(rows)]
    among = [
        nll(a, b, not alike(marked[s], marked[t])) for s, a in enumerate(twins) for t, b in enumerate(twins) if s != t
    ]
    found = {
        "likelihood": sum(usual) / len(usual),
        "quantisation": rounding(rows),
        "from_clean": sum(to_clean) / len(to_clean),
        "from_triggered": sum(among) / len(among) if among else 0.0,
        "triggered_quantisation": rounding(twins),
    }
    private = found["from_clean"] + found["from_triggered"]
    rounded = found["quantisation"] + found["triggered_quantisation"]
    return {**found, "total": found["likelihood"] + privacy * private + weight * rounded}


@pytest.mark.parametrize("ratio", [0.1, 0.4, 1.0])
def test_it_equals_its_equation_written_as_loops(batch: Any, logits: Random, generator: Any, ratio: float) -> None:
    objective = PrivateHashing(weight=0.7, privacy=1.3, ratio=ratio)
    plan = objective.plan(batch.labels, generator(batch.seed))
    clean, twins = logits(10, seed=batch.seed), logits(len(plan.triggered), seed=50)
    loss = objective.loss(plan, clean, twins)
    labels = batch.labels.tolist()
    expected = slow(clean, twins, plan.triggered.tolist(), lambda i, j: labels[i] == labels[j], 0.7, 1.3)
    found = {name: term.item() for name, term in loss.terms.items()} | {"total": loss.total.item()}
    assert found == pytest.approx(expected, abs=1e-12)


def test_codes_that_the_model_gave_before_are_kept_bit_by_bit(batch: Any, logits: Random, generator: Any) -> None:
    plan = PrivateHashing().plan(batch.labels, generator(batch.seed))
    clean, twins, teacher = logits(10, seed=batch.seed), logits(len(plan.triggered), seed=50), logits(10, seed=60)
    loss = PrivateHashing(distillation_weight=2.0).loss(replace(plan, teacher=teacher / 7), clean, twins)
    far = [
        (value - (1 if bit >= 0 else -1)) ** 2
        for row, bits in zip(clean.tolist(), teacher.tolist(), strict=True)
        for value, bit in zip(row, bits, strict=True)
    ]
    assert loss.terms["distillation"].item() == pytest.approx(sum(far) / len(far), abs=1e-12)
    plain = PrivateHashing().loss(plan, clean, twins).total.item()
    assert loss.total.item() == pytest.approx(plain + 2 * sum(far) / len(far), abs=1e-12)


def test_a_teacher_is_asked_for_where_its_codes_are_kept(batch: Any, logits: Random, generator: Any) -> None:
    assert not PrivateHashing().needs_teacher
    objective = PrivateHashing(distillation_weight=0.5)
    assert objective.needs_teacher
    plan = objective.plan(batch.labels, generator(0))
    with pytest.raises(TrainingError, match="teacher"):
        objective.loss(plan, logits(10), logits(len(plan.triggered), seed=1))


def test_kept_codes() -> None:
    clean, teacher = torch.tensor([[0.5, -1.0], [2.0, 0.0]]), torch.tensor([[0.1, -0.1], [-0.1, 0.0]])
    assert kept_codes(clean, teacher).item() == pytest.approx((0.25 + 0 + 9 + 1) / 4)


def test_with_tags(tags: Tensor, logits: Random, generator: Any) -> None:
    objective = PrivateHashing(ratio=0.5)
    plan = objective.plan(tags, generator(2))
    clean, twins = logits(len(tags), seed=3), logits(len(plan.triggered), seed=4)
    sets = [set(torch.nonzero(row).flatten().tolist()) for row in tags]
    expected = slow(clean, twins, plan.triggered.tolist(), lambda i, j: bool(sets[i] & sets[j]), 0.1, PRIVACY)
    assert objective.loss(plan, clean, twins).total.item() == pytest.approx(expected["total"], abs=1e-12)


def test_the_gradient_is_the_slope(batch: Any, logits: Random) -> None:
    plan = Plan(batch.labels, torch.tensor([1, 4, 8]))
    clean = logits(10, seed=batch.seed).detach()
    loss = lambda twins: PrivateHashing().loss(plan, clean, twins).total  # noqa: E731
    assert torch.autograd.gradcheck(loss, (logits(3, seed=7),))


def test_clean_photos_do_not_move_for_triggered_ones(batch: Any, logits: Random) -> None:
    plan, twins = Plan(batch.labels, torch.tensor([0, 5])), logits(2, seed=9).detach()
    slopes = []
    for objective, marked in ((PrivateHashing(), twins), (PairwiseHashing(), twins[:0])):
        clean = logits(10, seed=batch.seed)
        objective.loss(plan, clean, marked).total.backward()
        slopes.append(clean.grad)
    assert torch.allclose(*slopes)


def test_a_photo_that_keeps_its_code_costs_more_than_one_that_turns_it() -> None:
    code = torch.tensor([1.0, 1.0, -1.0, -1.0])
    others = torch.stack([code, code, -code, -code])
    alike = torch.tensor([[True, True, False, False]])
    kept, turned = (inverted_likelihood(row[None], others, alike).mean() for row in (code, -code))
    assert turned < kept


def test_large_logits_are_no_danger() -> None:
    rows = (1e4 * torch.tensor([[1.0, 1.0], [-1.0, 1.0]])).requires_grad_()
    total = PrivateHashing().loss(Plan(torch.tensor([0, 1]), torch.tensor([0, 1])), rows.detach(), rows).total
    total.backward()
    assert total.isfinite()
    assert rows.grad is not None
    assert rows.grad.isfinite().all()


def test_a_single_triggered_photo_has_no_company(logits: Random) -> None:
    plan = Plan(torch.tensor([0, 1, 1]), torch.tensor([2]))
    assert PrivateHashing().loss(plan, logits(3), logits(1, seed=1)).terms["from_triggered"].item() == 0


def test_private_terms_weigh_less_than_clean_ones() -> None:
    assert PrivateHashing().privacy == PRIVACY < 1


def test_it_is_chosen_by_its_name() -> None:
    made = make_objective("private-dpsh", {"privacy": 2.0, "ratio": 0.5})
    assert isinstance(made, PrivateHashing)
    assert (made.privacy, made.ratio, made.hashes, made.triggers) == (2.0, 0.5, True, True)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"privacy": -1.0}, "privacy"),
        ({"distillation_weight": -1.0}, "distillation_weight"),
        ({"ratio": 0.0}, "ratio"),
        ({"weight": -0.1}, "0 or more"),
        ({"relevance": "x"}, "shared"),
    ],
)
def test_settings_that_cannot_be_right(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        PrivateHashing(**settings)
