"""HAG."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from unfind.cloaks.base import Job, Look
from unfind.cloaks.hag import HAG
from unfind.cloaks.pace import Pace
from unfind.cloaks.tanh import steepness
from unfind.errors import UsageError
from unfind.models.codes import signs


@pytest.mark.parametrize("done", [0.0, 0.75, 1.0])
def test_the_loss_is_what_a_loop_adds_up(
    done: float, make_look: Callable[..., Look], numbers: Callable[..., Tensor]
) -> None:
    outputs, own = 4 * numbers(5, 7), signs(numbers(5, 7, seed=1))
    found = HAG(turned=0.3, beta=0.7).loss(outputs, make_look(outputs, -own, away=True, done=done))
    for i in range(5):
        weight, agreement, mean = 0, 0.0, 0.0
        for c, h in zip(outputs[i].tolist(), own[i].tolist(), strict=True):
            soft = math.tanh(steepness(done) * c)
            if abs(soft - h) < 1.3:
                weight, agreement, mean = weight + 1, agreement + soft * h, mean + soft / 7
        expected = (agreement / max(1, weight) + 1) ** 2 + 0.7 * mean**2
        assert float(found[i]) == pytest.approx(expected)


def test_bits_that_are_safely_turned_are_left_alone(make_look: Callable[..., Look]) -> None:
    outputs = torch.tensor([[-3.0, 0.2, 3.0]], dtype=torch.float64, requires_grad=True)
    look = make_look(outputs, -torch.ones(1, 3, dtype=torch.float64), away=True, done=1.0)
    HAG(beta=0.0).loss(outputs, look).sum().backward()
    assert outputs.grad is not None
    assert float(outputs.grad[0, 0]) == 0
    assert float(outputs.grad[0, 1]) > 0


def test_with_every_bit_turned_nothing_is_left_to_do(make_look: Callable[..., Look]) -> None:
    outputs = torch.full((1, 4), -9.0, dtype=torch.float64, requires_grad=True)
    loss = HAG().loss(outputs, make_look(outputs, -torch.ones(1, 4, dtype=torch.float64), away=True, done=1.0))
    loss.sum().backward()
    assert bool(loss.isfinite().all())
    assert outputs.grad is not None
    assert not bool(outputs.grad.any())


def test_it_knows_no_target(make_job: Callable[..., Job]) -> None:
    with pytest.raises(UsageError, match="away from one's own for hag"):
        HAG(Pace()).run(make_job("towards"))


def test_its_numbers_are_settings() -> None:
    assert HAG(turned=0.2, beta=3.0).settings().items() >= {"name": "hag", "turned": 0.2, "beta": 3.0}.items()
