"""The relaxation norm method, and the trap in its printed form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from unfind.cloaks.base import Job, Look
from unfind.cloaks.goal import towards
from unfind.cloaks.pace import Pace
from unfind.cloaks.rnm import RNM
from unfind.cloaks.tanh import Tanh
from unfind.errors import UsageError
from unfind.models.codes import signs


@pytest.mark.parametrize("norm", ["mean", "sum"])
@pytest.mark.parametrize(("alpha", "p"), [(None, 3.0), (0.2, 2.0), (0.0, 1.0), (1.0, 1.5)])
def test_the_loss_is_equation_12(
    norm: Any, alpha: float | None, p: float, make_look: Callable[..., Look], numbers: Callable[..., Tensor]
) -> None:
    outputs, target = 2 * numbers(4, 6), signs(numbers(4, 6, seed=1))
    found = RNM(alpha=alpha, p=p, norm=norm, hold=None).loss(outputs, make_look(outputs, target))
    for i in range(4):
        penalty, product = 0.0, 0.0
        for c, h in zip(outputs[i].tolist(), target[i].tolist(), strict=True):
            sign = 1.0 if c >= 0 else -1.0
            penalty += abs(c - sign) ** p / (6 if norm == "mean" else 1)
            product += sign * h
        assert float(found[i]) == pytest.approx((1 / 6 if alpha is None else alpha) * penalty - product / 6)


def test_the_gradient_is_that_of_the_forward_backward_step(
    make_look: Callable[..., Look], numbers: Callable[..., Tensor]
) -> None:
    """Of the penalty with the sign held fast, and of the product as if the sign were the identity."""
    outputs, target = (2 * numbers(3, 5)).requires_grad_(), signs(numbers(3, 5, seed=1))
    RNM(p=3.0, hold=None).loss(outputs, make_look(outputs, target)).sum().backward()
    apart = outputs.detach() - signs(outputs.detach())
    expected = 3 * apart.square() * apart.sign() / 25 - target / 5
    torch.testing.assert_close(outputs.grad, expected)


def turn_one_bit(start: float, bits: int = 48, **settings: Any) -> float:
    """Where descent leaves a logit that should be negative, with nothing in its way; other bits are right."""
    logits = torch.full((1, bits), -1.0, dtype=torch.float64)
    logits[0, 0] = start
    target = torch.full((1, bits), -1.0, dtype=torch.float64)
    cloak = RNM(**{"hold": None, **settings})
    for _ in range(4000):
        leaf = logits.clone().requires_grad_()
        look = Look(leaf, leaf, leaf, (leaf,), towards(target, 1), 0.0)
        (gradient,) = torch.autograd.grad(cloak.loss(leaf, look).sum(), leaf)
        logits -= 0.1 * gradient
    return float(logits[0, 0])


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("hold", [None, 0.2])
def test_the_mean_norm_turns_a_wrong_bit(p: float, hold: float | None) -> None:
    assert turn_one_bit(0.6, p=p, hold=hold) < 0


@pytest.mark.parametrize(("p", "trap"), [(2.0, 0.5), (3.0, 0.4226)])
def test_the_summed_norm_is_a_trap(p: float, trap: float) -> None:
    """The bit rests where p (1 - C)^(p - 1) = 1, on the wrong side, for ever."""
    assert turn_one_bit(0.7, p=p, norm="sum") == pytest.approx(trap, abs=1e-3)
    assert p * (1 - trap) ** (p - 1) == pytest.approx(1, abs=1e-3)


def test_a_smaller_alpha_opens_the_trap() -> None:
    assert turn_one_bit(0.7, p=2.0, norm="sum", alpha=0.9 / (2 * 48)) < 0


def test_a_bit_that_is_right_by_enough_pulls_no_more(make_look: Callable[..., Look]) -> None:
    # Mean absolute logit 0.8: a hold of 0.5 is 0.4.
    outputs = torch.tensor([[0.39, 0.41, -0.6, 1.8]], dtype=torch.float64, requires_grad=True)
    look = make_look(outputs, torch.ones(1, 4, dtype=torch.float64))
    for cloak in (RNM(alpha=0.0, hold=0.5), RNM(Pace(margin=0.5), alpha=0.0, hold=0.1)):
        (gradient,) = torch.autograd.grad(cloak.loss(outputs, look).sum(), outputs)
        assert gradient.tolist() == [[-0.25, 0, -0.25, 0]]
    (everything,) = torch.autograd.grad(RNM(alpha=0.0, hold=None).loss(outputs, look).sum(), outputs)
    assert everything.tolist() == [[-0.25] * 4]


def test_holding_leaves_the_budget_to_the_bits_that_are_wrong(make_job: Callable[..., Job]) -> None:
    pace = Pace(budget=0.1, iterations=60)
    held, printed = (RNM(pace, hold=hold).run(make_job()).best_distance.mean() for hold in (0.2, None))
    assert float(held) < float(printed)


def test_the_trap_shows_in_the_pictures_too(net: torch.nn.Module, images: Tensor, make_job: Callable[..., Job]) -> None:
    pace = Pace(budget=0.2, iterations=60)
    left = {norm: RNM(pace, norm=norm).run(make_job()).best_distance.mean() for norm in ("mean", "sum")}  # type: ignore[arg-type]
    assert left["mean"] < left["sum"]


def test_where_tanh_is_saturated_rnm_is_not(net: torch.nn.Module, make_job: Callable[..., Job]) -> None:
    """Figure 2's reason in small: on large logits, at the same steps, RNM arrives and tanh stands still."""
    job = make_job(victim=lambda images: 60 * net(images))
    pace = Pace(budget=0.1, iterations=30)
    rnm, tanh = (cloak.run(job).best_distance.mean() for cloak in (RNM(pace, p=1.0), Tanh(pace, alpha=1.0)))
    assert float(rnm) < 0.5 * float(tanh)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"alpha": -1.0}, "alpha of at least 0"),
        ({"alpha": float("nan")}, "alpha of at least 0"),
        ({"p": 0.5}, "exponent p of 1 to 8"),
        ({"p": 9.0}, "exponent p of 1 to 8"),
        ({"norm": "max"}, "norm mean or sum"),
        ({"hold": -0.1}, "hold of at least 0"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        RNM(**settings)


def test_its_numbers_are_settings() -> None:
    said = RNM(aim="p2p", alpha=0.1, p=2.0, norm="sum").settings()
    assert said.items() >= {"name": "rnm", "aim": "p2p", "alpha": 0.1, "p": 2.0, "norm": "sum", "hold": 0.2}.items()
