"""Confusing perturbations: the two terms against a slow loop, the budget, and what they do to codes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from unfind.errors import ModelError, UsageError
from unfind.redteam.confusing import Confusion, confuse, confusing_loss

Victim = Callable[[Tensor], Tensor]
WIDE = Confusion(budget=0.1, steps=15, group=3)


def slow_loss(logits: Tensor, before: Tensor, weight: float) -> list[float]:
    """Both terms, number by number."""
    codes = [[math.tanh(x) for x in row] for row in logits.tolist()]
    rows, bits = before.tolist(), logits.shape[1]
    losses = []
    for i, own in enumerate(codes):
        shift = sum(own[k] * rows[i][k] for k in range(bits)) / bits
        others = [sum(own[k] * other[k] for k in range(bits)) for j, other in enumerate(codes) if j != i]
        apart = sum(others) / (bits * len(others)) if others else 0.0
        losses.append((1 - weight) * shift + weight * apart)
    return losses


@settings(deadline=None, max_examples=40)
@given(count=st.integers(1, 6), bits=st.integers(1, 9), weight=st.floats(0, 1), seed=st.integers(0, 10**6))
def test_the_loss_is_that_of_a_slow_loop(count: int, bits: int, weight: float, seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    logits, before = (torch.randn(count, bits, generator=draw, dtype=torch.float64) for _ in range(2))
    found = confusing_loss(logits, before, weight)
    assert found.tolist() == pytest.approx(slow_loss(logits, before, weight), abs=1e-9)
    assert float(found.abs().max()) <= max(1.0, float(before.abs().max()))


def test_each_photo_takes_the_others_as_they_are() -> None:
    logits = torch.randn(4, 5, dtype=torch.float64, requires_grad=True)
    confusing_loss(logits, torch.zeros(4, 5, dtype=torch.float64), 1.0).sum().backward()
    codes = torch.tanh(logits.detach())
    wanted = (1 - codes**2) * (codes.sum(0) - codes) / (5 * 3)
    assert torch.allclose(logits.grad, wanted)


def codes_of(victim: Victim, images: Tensor) -> Tensor:
    return torch.where(victim(images) >= 0, 1.0, -1.0)


def spread(codes: Tensor) -> float:
    """Mean bits between two different codes."""
    apart = (codes[:, None] != codes[None]).sum(2).double()
    return float(apart.sum() / (len(codes) * (len(codes) - 1)))


def test_photos_leave_their_place_and_each_other(victim: Victim, make_images: Callable[..., Tensor]) -> None:
    # Photos of one class: a picture and small changes of it.
    images = (make_images(1) + 0.05 * (make_images(6, seed=9) - 0.5)).clamp(0, 1)
    one_group = replace(WIDE, group=6)
    away, apart = (images + confuse(victim, images, replace(one_group, dispersion=weight)) for weight in (0.0, 1.0))
    own = codes_of(victim, images)
    assert float((codes_of(victim, away) != own).double().mean()) > 0.3
    assert spread(codes_of(victim, apart)) > max(spread(own), spread(codes_of(victim, away)))


def test_the_budget_is_kept_in_pixels(victim: Victim, images: Tensor) -> None:
    for budget in (0.03, (0.01, 0.02, 0.03)):
        made = confuse(victim, images, replace(WIDE, budget=budget))
        limit = images.new_tensor(budget).view(1, -1, 1, 1)
        assert bool((made.abs() <= limit + 1e-12).all())
        assert bool((made.abs() > 0.9 * limit).any())
        changed = images + made
        assert 0 <= float(changed.min()) <= float(changed.max()) <= 1


def test_mirror_images_are_confused_as_well(victim: Victim, images: Tensor) -> None:
    both, one = (
        images + confuse(victim, images, replace(WIDE, dispersion=0.0, mirrored=mirrored)) for mirrored in (True, False)
    )
    before = torch.tanh(victim(images.flip(-1)))
    left = [float(confusing_loss(victim(seen.flip(-1)), before, 0.0).mean()) for seen in (both, one)]
    assert left[0] < left[1] - 0.1


def test_groups_do_not_know_of_each_other(victim: Victim, images: Tensor) -> None:
    together = confuse(victim, images, WIDE)
    apart = torch.cat([confuse(victim, part, WIDE) for part in images.split(3)])
    assert torch.allclose(together, apart)


def test_groups_are_of_like_size(victim: Victim, images: Tensor) -> None:
    told: list[tuple[int, int]] = []
    confuse(victim, images[:5], replace(WIDE, group=4, steps=2), on_step=lambda *step: told.append(step))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_what_cannot_be(victim: Victim, images: Tensor) -> None:
    with pytest.raises(UsageError, match="at least 2 photos"):
        confuse(victim, images[:1])
    with pytest.raises(ModelError, match="gradient"):
        confuse(lambda x: victim(x).detach(), images)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"dispersion": 1.1}, "lambda"),
        ({"dispersion": -0.1}, "lambda"),
        ({"budget": 0.0}, "budget"),
        ({"budget": (0.1, 0.1, 2.0)}, "budget"),
        ({"step": 0.0}, "step"),
        ({"steps": 0}, "1 step"),
        ({"group": 1}, "groups of 2"),
    ],
)
def test_wrong_numbers(wrong: dict[str, float], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        Confusion(**wrong)  # type: ignore[arg-type]


def test_plain_values() -> None:
    assert Confusion(**WIDE.as_dict()) == WIDE
    assert WIDE.only_away == replace(WIDE, dispersion=0.0)
