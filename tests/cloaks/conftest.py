"""Small models to cloak against, pictures, and goals: everything in double precision where results are compared."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn as nn
from torch import Tensor

from unfind.cloaks.base import Job, Look
from unfind.cloaks.goal import Goal, away_from, seen, towards
from unfind.cloaks.victim import Victim

torch.set_num_threads(1)

BITS = 12
SIDE = 16


@pytest.fixture(scope="session")
def make_net() -> Callable[..., nn.Module]:
    """Return a maker of small smooth nets: images (N, 3, H, W) of any size to numbers (N, bits)."""

    def make(bits: int = BITS, seed: int = 0) -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            net = nn.Sequential(
                nn.Conv2d(3, 8, 5, 2, 2), nn.Tanh(), nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(128, bits)
            )
            net[-1].weight.data.mul_(12)
        return net.double().eval().requires_grad_(False)

    return make


@pytest.fixture(scope="session")
def net(make_net: Callable[..., nn.Module]) -> nn.Module:
    return make_net()


@pytest.fixture(scope="session")
def make_images() -> Callable[..., Tensor]:
    """Return a maker of pictures (count, 3, side, side) with some detail, black and white pixels among them."""

    def make(count: int = 5, side: int = SIDE, seed: int = 0) -> Tensor:
        draw = torch.Generator().manual_seed(seed)
        coarse = torch.rand(count, 3, 4, 4, generator=draw, dtype=torch.float64)
        fine = torch.rand(count, 3, side, side, generator=draw, dtype=torch.float64)
        smooth = torch.nn.functional.interpolate(coarse, (side, side), mode="bilinear", align_corners=False)
        return (1.3 * (0.7 * smooth + 0.3 * fine) - 0.15).clamp(0, 1)

    return make


@pytest.fixture(scope="session")
def images(make_images: Callable[..., Tensor]) -> Tensor:
    return make_images()


@pytest.fixture(scope="session")
def make_job(net: nn.Module, images: Tensor) -> Callable[..., Job]:
    """Return a maker of jobs: towards the code of other pictures, or away from their own."""

    def make(way: str = "towards", kind: str = "code", victim: Victim = net, images: Tensor = images) -> Job:
        own = seen(victim, images, kind=kind)
        if way == "away":
            return Job(victim, images, away_from(own, kind=kind))
        other = seen(victim, 1 - images.flip(-1), kind=kind)
        return Job(victim, images, towards(other, len(images), kind=kind))

    return make


@pytest.fixture(scope="session")
def make_look() -> Callable[..., Look]:
    """Return a maker of what a method is shown: outputs and targets given, pictures of one grey."""

    def make(outputs: Tensor, target: Tensor, *, away: bool = False, done: float = 0.0, **more: Tensor) -> Look:
        blank = outputs.new_zeros(len(outputs), 3, 2, 2)
        goal = Goal(target, away=away, others=more.pop("others", None))
        return Look(blank + 0.5, more.pop("perturbation", blank), blank, (outputs,), goal, done)

    return make


@pytest.fixture
def numbers() -> Callable[..., Tensor]:
    """Return a maker of normal random numbers in double precision."""

    def make(*shape: int, seed: int = 0) -> Tensor:
        return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)

    return make
