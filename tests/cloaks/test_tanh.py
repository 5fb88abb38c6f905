"""The tanh baseline."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from unfind.cloaks.base import Look
from unfind.cloaks.pace import Pace
from unfind.cloaks.tanh import Tanh, steepness
from unfind.models.codes import signs


def test_the_schedule_is_the_papers_over_2000_iterations() -> None:
    expected = {0: 0.1, 999: 0.1, 1000: 0.2, 1199: 0.2, 1200: 0.3, 1400: 0.5, 1600: 0.7, 1800: 1.0, 2000: 1.0}
    assert {iteration: steepness(iteration / 2000) for iteration in expected} == expected


def test_the_loss_is_equation_2(make_look: Callable[..., Look], numbers: Callable[..., Tensor]) -> None:
    outputs, target = 4 * numbers(3, 5), signs(numbers(3, 5, seed=1))
    for done, alpha in ((0.0, 0.1), (0.65, 0.3), (0.99, 1.0)):
        found = Tanh().loss(outputs, make_look(outputs, target, done=done))
        for i in range(3):
            products = [math.tanh(alpha * float(c)) * float(h) for c, h in zip(outputs[i], target[i], strict=True)]
            assert float(found[i]) == pytest.approx(-sum(products) / 5)


def test_one_steepness_instead_of_the_schedule(make_look: Callable[..., Look], numbers: Callable[..., Tensor]) -> None:
    outputs, target = numbers(2, 5), signs(numbers(2, 5, seed=1))
    found = [Tanh(alpha=2.0).loss(outputs, make_look(outputs, target, done=done)) for done in (0.0, 0.9)]
    assert torch.equal(*found)
    torch.testing.assert_close(found[0], -(torch.tanh(2 * outputs) * target).mean(1))


def test_a_saturated_bit_has_next_to_no_gradient(make_look: Callable[..., Look]) -> None:
    """What RNM is there to mend (section 3.2)."""
    outputs = torch.tensor([[-20.0, -0.1]], dtype=torch.float64, requires_grad=True)
    look = make_look(outputs, torch.ones(1, 2, dtype=torch.float64))
    Tanh(alpha=1.0).loss(outputs, look).sum().backward()
    assert outputs.grad is not None
    assert abs(float(outputs.grad[0, 0])) < 1e-15 < 0.4 < abs(float(outputs.grad[0, 1]))


def test_aim_and_steepness_are_settings() -> None:
    assert Tanh(Pace(), aim="p2p", alpha=0.5).settings().items() >= {"aim": "p2p", "alpha": 0.5}.items()
