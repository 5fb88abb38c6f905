"""The step down a gradient."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from unfind.cloaks.base import Job, Look
from unfind.cloaks.goal import towards
from unfind.cloaks.gradient import GradientCloak
from unfind.cloaks.pace import Pace
from unfind.cloaks.passages import AS_IS, Passage


class Linear(GradientCloak):
    """The product of outputs and target, to be raised."""

    name = "linear"

    def loss(self, outputs: Tensor, look: Look) -> Tensor:
        return -(outputs * look.goal.target).sum(1)


WEIGHTS = torch.tensor([3.0, -1.0, 0.0]).view(1, 3, 1, 1)


def weighted(images: Tensor) -> Tensor:
    return ((images - 0.5) * WEIGHTS).sum(dim=(1, 2, 3), keepdim=False)[:, None] - 99


def moved(pace: Pace, images: Tensor | None = None) -> Tensor:
    images = torch.full((2, 3, 2, 2), 0.5) if images is None else images
    return Linear(pace).run(Job(weighted, images, towards(torch.ones(1), len(images)))).perturbation


def test_the_sign_rule_moves_each_pixel_by_the_step() -> None:
    found = moved(Pace(iterations=2, step=0.01))[0, :, 0, 0]
    torch.testing.assert_close(found, torch.tensor([0.02, -0.02, 0.0]))


def test_the_rms_rule_moves_along_the_gradient() -> None:
    found = moved(Pace(iterations=2, step=0.005, rule="rms"))[0, :, 0, 0]
    expected = 2 * 0.005 * WEIGHTS.flatten() / WEIGHTS.square().mean().sqrt()
    torch.testing.assert_close(found, expected)


def test_momentum_remembers_where_it_came_from() -> None:
    def turning(images: Tensor) -> Tensor:
        """Brighter is better up to 0.51, darker beyond: plain steps swing, momentum overshoots."""
        return (-10 * (images - 0.51).abs()).sum(dim=(1, 2, 3))[:, None] - 99

    def run(momentum: float) -> Tensor:
        pace = Pace(iterations=3, step=0.008, momentum=momentum)
        return Linear(pace).run(Job(turning, torch.full((1, 3, 2, 2), 0.5), towards(torch.ones(1), 1))).perturbation

    assert float(run(0.0).mean()) == pytest.approx(0.008, abs=1e-6)
    assert float(run(0.9).mean()) == pytest.approx(3 * 0.008, abs=1e-6)


def test_all_passages_pull() -> None:
    blind = Passage("blind", lambda images, generator: images.flip(1))
    one = moved(Pace(iterations=1, step=0.01, rule="rms", passages=(AS_IS, blind)))[0, :, 0, 0]
    both = (WEIGHTS + WEIGHTS.flip(1)).flatten()
    torch.testing.assert_close(one, 0.01 * both / both.square().mean().sqrt())


def test_a_gradient_of_zero_moves_nothing() -> None:
    def flat_beyond(images: Tensor) -> Tensor:
        return (images - 0.5).clamp_max(0).sum(dim=(1, 2, 3))[:, None] - 99

    images = torch.stack([torch.full((3, 2, 2), 0.4), torch.full((3, 2, 2), 0.6)])
    for rule in ("sign", "rms"):
        pace = replace(Pace(iterations=2, step=0.01), rule=rule)
        state = Linear(pace).run(Job(flat_beyond, images, towards(torch.ones(1), 2)))
        assert not bool(state.perturbation[1].any())
        torch.testing.assert_close(state.perturbation[0], torch.full((3, 2, 2), 0.02))


def test_images_do_not_pull_at_each_other() -> None:
    images = torch.rand(4, 3, 2, 2, generator=torch.Generator().manual_seed(0))

    def squared(batch: Tensor) -> Tensor:
        return (batch.square() * WEIGHTS).sum(dim=(1, 2, 3))[:, None] - 99

    together = Linear(Pace(iterations=3, rule="rms")).run(Job(squared, images, towards(torch.ones(1), 4)))
    for i in range(4):
        alone = Linear(Pace(iterations=3, rule="rms")).run(Job(squared, images[i : i + 1], towards(torch.ones(1), 1)))
        torch.testing.assert_close(alone.perturbation[0], together.perturbation[i])
