"""Fitting a generator to a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn as nn
from torch import Tensor

from unfind.cloaks.amortised import Amortised
from unfind.cloaks.base import Job
from unfind.cloaks.fit_generator import GeneratorFit, fit_generator
from unfind.cloaks.generator import Design
from unfind.cloaks.goal import away_from, seen, towards
from unfind.cloaks.noise import Noise
from unfind.cloaks.pace import Pace
from unfind.errors import ModelError, TrainingError, UsageError

BUDGET = 0.15


@pytest.fixture(scope="module")
def victim(make_net: Callable[..., nn.Module]) -> nn.Module:
    return make_net().float()


@pytest.fixture(scope="module")
def photos(make_images: Callable[..., Tensor]) -> Tensor:
    return make_images(60, seed=5).float()


def design(**more: Any) -> Design:
    return Design(**{"bits": 12, "budget": BUDGET, "width": 24, "blocks": 2, **more})


def test_what_it_learned_works_on_photos_it_never_saw(
    victim: nn.Module, photos: Tensor, make_images: Callable[..., Tensor]
) -> None:
    settings = GeneratorFit(steps=250, batch=16, learning_rate=5e-3)
    wrong: list[float] = []
    targets = seen(victim, photos[:8])
    generator = fit_generator(
        victim, photos, targets, design(), settings, on_step=lambda done, total, share: wrong.append(share)
    )
    assert len(wrong) == 250
    assert sum(wrong[-25:]) < 0.5 * sum(wrong[:25])
    fresh, pace = make_images(20, seed=99).float(), Pace(budget=BUDGET)
    for goal in (towards(targets[2], 20), away_from(seen(victim, fresh))):
        job = Job(victim, fresh, goal)
        ours, noise = (
            cloak.run(job).best_distance.mean() for cloak in (Amortised(pace, generator=generator), Noise(pace))
        )
        assert float(ours) < 0.6 * float(noise)


def test_the_same_seed_gives_the_same_net(victim: nn.Module, photos: Tensor) -> None:
    def fitted(seed: int) -> Tensor:
        settings = GeneratorFit(steps=3, batch=4, seed=seed)
        return fit_generator(victim, photos, seen(victim, photos[:3]), design(width=8), settings).leave.weight

    torch.manual_seed(7)
    first = fitted(0)
    state = torch.random.get_rng_state()
    assert torch.equal(first, fitted(0))
    assert torch.equal(state, torch.random.get_rng_state())
    assert not torch.equal(first, fitted(1))


def test_the_model_stays_as_it_was(victim: nn.Module, photos: Tensor) -> None:
    before = [weight.clone() for weight in victim.parameters()]
    fit_generator(victim, photos, seen(victim, photos), design(width=8), GeneratorFit(steps=2, batch=4))
    assert all(torch.equal(one, other) for one, other in zip(before, victim.parameters(), strict=True))


def test_what_cannot_be_fitted(victim: nn.Module, photos: Tensor) -> None:
    targets, few = seen(victim, photos), GeneratorFit(steps=1)
    for images, codes in ((photos[:0], targets), (photos, targets[:0]), (photos, targets[:, :5])):
        with pytest.raises(UsageError, match="target codes of 12 bits"):
            fit_generator(victim, images, codes, design(), few)
    with pytest.raises(ModelError, match="a gradient"):
        fit_generator(lambda images: victim(images).detach(), photos, targets, design(), few)
    calls = iter([1.0] * 2 + [float("inf")] * 9)
    with pytest.raises(TrainingError, match="finite loss"):
        fit_generator(lambda images: victim(images) * next(calls), photos, targets, design(), few)


@pytest.mark.parametrize(
    "settings", [{"steps": 0}, {"batch": 0}, {"learning_rate": 0.0}, {"away": 1.5}, {"sureness": -1.0}]
)
def test_numbers_that_cannot_be(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        GeneratorFit(**settings)
    assert GeneratorFit().as_dict()["steps"] == 1500
