"""SDHA."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from unfind.cloaks.base import Job, Look
from unfind.cloaks.sdha import SDHA, codes_to_leave
from unfind.errors import UsageError
from unfind.models.codes import signs


def test_the_loss_is_what_a_loop_adds_up(make_look: Callable[..., Look], numbers: Callable[..., Tensor]) -> None:
    outputs, own = numbers(3, 6), signs(numbers(3, 6, seed=1))
    others, change = signs(numbers(3, 4, 6, seed=2)), 0.1 * numbers(3, 3, 2, 2, seed=3)
    look = make_look(outputs, -own, away=True, others=others, perturbation=change)
    found = SDHA(weight=10.0, fade=2.0).loss(outputs, look)
    for i in range(3):
        codes = [own[i].tolist(), *others[i].tolist()]
        logits = outputs[i].tolist()
        weights, likeness = [], []
        for code in codes:
            apart = sum((1.0 if c >= 0 else -1.0) != h for c, h in zip(logits, code, strict=True))
            weights.append((1 + apart) ** -2.0)
            likeness.append(sum(math.tanh(c) * h for c, h in zip(logits, code, strict=True)) / 6)
        mean = sum(w * s for w, s in zip(weights, likeness, strict=True)) / sum(weights)
        assert float(found[i]) == pytest.approx(float(change[i].square().mean()) + 10 * mean)


def test_the_nearest_code_pushes_most(make_look: Callable[..., Look]) -> None:
    outputs = torch.tensor([[0.1, 0.1, 0.1, 0.1]], dtype=torch.float64, requires_grad=True)
    own = torch.ones(1, 4, dtype=torch.float64)
    look = make_look(outputs, -own, away=True, others=-own[:, None])
    SDHA(fade=2.0).loss(outputs, look).sum().backward()
    assert outputs.grad is not None
    assert bool((outputs.grad > 0).all())


def test_ones_own_code_is_always_left(make_look: Callable[..., Look], numbers: Callable[..., Tensor]) -> None:
    own, others = signs(numbers(2, 5)), signs(numbers(2, 3, 5, seed=1))
    alone = codes_to_leave(make_look(own, -own, away=True))
    assert torch.equal(alone, own[:, None])
    more = codes_to_leave(make_look(own, -own, away=True, others=others))
    assert torch.equal(more, torch.cat([own[:, None], others], dim=1))


def test_it_knows_no_target(make_job: Callable[..., Job]) -> None:
    with pytest.raises(UsageError, match="away from one's own for sdha"):
        SDHA().run(make_job("towards"))


def test_its_numbers_are_settings() -> None:
    assert SDHA(weight=2.0, fade=0.5).settings().items() >= {"name": "sdha", "weight": 2.0, "fade": 0.5}.items()
