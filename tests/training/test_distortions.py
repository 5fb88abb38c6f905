"""What happens to marked photos: bounded, repeatable, differentiable, and nothing at a severity of 0."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from unfind.training import distortions
from unfind.training.distortions import distorted, hue_and_saturation, rounded, uniform

EDITS = ["colour_shifted", "cropped", "resized", "blurred", "noisy", "compressed"]
every_edit = pytest.mark.parametrize("name", EDITS)


def pictures(count: int = 2, side: int = 48) -> torch.Tensor:
    coarse = torch.rand(count, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.interpolate(coarse, (side, side), mode="bicubic", align_corners=False).clamp(0, 1)


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@every_edit
@pytest.mark.parametrize("severity", [0.3, 1.0])
def test_values_stay_in_range_and_the_same_draw_gives_the_same_result(name: str, severity: float) -> None:
    edit, images = getattr(distortions, name), pictures()
    for seed in range(5):
        once, again = edit(images, random(seed), severity), edit(images, random(seed), severity)
        assert torch.equal(once, again)
        assert float(once.min()) >= -1e-6
        assert float(once.max()) <= 1 + 1e-6


@every_edit
def test_a_severity_of_nothing_changes_next_to_nothing(name: str) -> None:
    images = pictures()
    change = getattr(distortions, name)(images, random(), 0.0) - images
    assert float(change.abs().max()) < (0.08 if name == "compressed" else 1e-5)  # JPEG 95 is the least of JPEGs


@every_edit
def test_more_severity_changes_more(name: str) -> None:
    images = pictures(4)
    edit = getattr(distortions, name)

    def change(severity: float) -> float:
        after = [edit(images, random(seed), severity) for seed in range(12)]
        sized = [torch.nn.functional.interpolate(one, (48, 48), mode="bilinear", antialias=True) for one in after]
        return float(np.mean([float((one - images).abs().mean()) for one in sized]))

    assert change(1.0) > 1.2 * change(0.25)


@every_edit
def test_a_gradient_passes(name: str) -> None:
    images = (0.2 + 0.6 * pictures()).requires_grad_()
    getattr(distortions, name)(images, random(1), 1.0).sum().backward()
    assert images.grad is not None
    assert float(images.grad.abs().sum()) > 0


def test_a_chain_without_severity_only_rounds() -> None:
    images = pictures()
    torch.testing.assert_close(distorted(images, random(), 0.0), (images * 255).round() / 255)


def test_chains_differ_and_repeat() -> None:
    images = pictures()
    chains = [distorted(images, random(seed), 1.0) for seed in range(6)]
    assert torch.equal(chains[2], distorted(images, random(2), 1.0))
    assert len({(tuple(one.shape), round(float(one.mean()), 6)) for one in chains}) > 3


def test_rounding_has_the_gradient_of_the_identity() -> None:
    images = pictures().requires_grad_()
    rounded(images).sum().backward()
    assert torch.equal(images.grad, torch.ones_like(images))
    assert float(((rounded(images) * 255) % 1).detach().clamp(max=0.5).mean()) < 0.51


def test_sizes_lie_between_a_half_and_one_and_a_half() -> None:
    sides = {distortions.resized(pictures(1), random(seed), 1.0).shape[-1] for seed in range(60)}
    assert 24 <= min(sides) < 30
    assert 62 < max(sides) <= 72


def test_a_crop_takes_no_more_than_stated() -> None:
    image = torch.rand(1, 3, 200, 300)
    for seed in range(20):
        height, width = distortions.cropped(image, random(seed), 1.0).shape[-2:]
        assert 196 <= height <= 200
        assert 294 <= width <= 300


def test_a_blur_keeps_the_mean_and_takes_detail() -> None:
    noise = torch.rand(1, 3, 64, 64, generator=random())
    soft = distortions.blurred(noise, random(1), 1.0)
    assert float((soft.mean() - noise.mean()).abs()) < 2e-3
    assert float(soft.std()) < float(noise.std())


def test_grey_has_no_hue() -> None:
    for turn, saturation in ((0.0, 1.0), (0.3, 1.2), (-1.0, 0.2)):
        grey = torch.full((3,), 0.4, dtype=torch.float64)
        torch.testing.assert_close(hue_and_saturation(turn, saturation) @ grey, grey, rtol=0, atol=1e-6)


def test_no_turn_is_no_change_and_turns_add_up() -> None:
    torch.testing.assert_close(hue_and_saturation(0, 1), torch.eye(3, dtype=torch.float64))
    once = hue_and_saturation(math.pi / 3, 1)
    torch.testing.assert_close(once @ once @ once, hue_and_saturation(math.pi, 1))


def test_a_saturation_of_nothing_leaves_luma() -> None:
    colour = torch.tensor([0.2, 0.7, 0.1], dtype=torch.float64)
    luma = float(colour @ torch.tensor([0.299, 0.587, 0.114], dtype=torch.float64))
    torch.testing.assert_close(hue_and_saturation(0, 0) @ colour, torch.full((3,), luma, dtype=torch.float64))


def test_numbers_fill_their_range() -> None:
    draw = random()
    drawn = [uniform(draw, 2, 5) for _ in range(300)]
    assert 2 <= min(drawn) < 2.1
    assert 4.9 < max(drawn) <= 5
