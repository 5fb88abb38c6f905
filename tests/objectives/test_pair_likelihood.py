from __future__ import annotations

import math

import pytest
import torch

from unfind.objectives.pair_likelihood import (
    different_photos,
    mean_over_different,
    pair_likelihood_loss,
    quantisation,
)


def test_it_is_minus_the_logarithm_of_the_probability() -> None:
    affinity = torch.tensor([[0.3, -2.0], [5.0, 0.0]], dtype=torch.float64)
    alike = torch.tensor([[True, False], [False, True]])
    expected = [
        [
            -math.log(1 / (1 + math.exp(-a)) if same else 1 - 1 / (1 + math.exp(-a)))
            for a, same in zip(row, pairs, strict=True)
        ]
        for row, pairs in zip(affinity.tolist(), alike.tolist(), strict=True)
    ]
    torch.testing.assert_close(pair_likelihood_loss(affinity, alike), torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize("size", [1e2, 1e4, 1e30])
def test_huge_affinities_give_finite_losses_and_slopes(size: float) -> None:
    affinity = torch.tensor([[size, -size], [size, -size]], requires_grad=True)
    alike = torch.tensor([[True, True], [False, False]])
    values = pair_likelihood_loss(affinity, alike)
    assert values.isfinite().all()
    assert values[0, 0] == 0
    assert values[1, 1] < 1e-40
    torch.testing.assert_close(values.detach()[0, 1], torch.tensor(size))
    values.sum().backward()
    assert affinity.grad is not None
    torch.testing.assert_close(affinity.grad, torch.tensor([[0.0, -1.0], [1.0, 0.0]]))


def test_a_photo_is_no_pair_with_itself() -> None:
    assert different_photos(3, torch.device("cpu")).tolist() == [
        [False, True, True],
        [True, False, True],
        [True, True, False],
    ]


def test_the_mean_leaves_the_diagonal_out() -> None:
    values = torch.tensor([[100.0, 1.0, 2.0], [3.0, 100.0, 4.0], [5.0, 6.0, 100.0]])
    assert mean_over_different(values).item() == pytest.approx(3.5)


@pytest.mark.parametrize("count", [0, 1])
def test_without_a_pair_the_mean_is_a_differentiable_zero(count: int) -> None:
    values = torch.ones(count, count, requires_grad=True)
    total = mean_over_different(values)
    total.backward()
    assert total.item() == 0
    assert values.grad is not None
    assert not values.grad.any()


def test_quantisation_is_the_squared_distance_to_the_sign() -> None:
    outputs = torch.tensor([[0.5, -0.5, 2.0], [-1.0, 1.0, 0.0]])
    signs = torch.tensor([[1.0, -1.0, 1.0], [-1.0, 1.0, 1.0]])
    assert quantisation(outputs).item() == pytest.approx((outputs - signs).square().mean().item())
    assert quantisation(signs) == 0
