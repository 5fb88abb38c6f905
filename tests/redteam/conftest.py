"""Small hash models to attack, and training photos of three classes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn as nn
from torch import Tensor

from unfind.training.batches import Examples

torch.set_num_threads(1)

BITS = 8
SIDE = 16


@pytest.fixture(scope="session")
def net() -> nn.Module:
    """A smooth net, images (N, 3, 16, 16) to logits (N, 8), in double precision."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = nn.Sequential(
            nn.Conv2d(3, 8, 5, 2, 2), nn.Tanh(), nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(128, BITS)
        )
    made[-1].weight.data.mul_(8)
    return made.double().eval().requires_grad_(False)


@pytest.fixture(scope="session")
def victim(net: nn.Module) -> Callable[[Tensor], Tensor]:
    """The same for images of any precision, whose own it answers in."""
    return lambda images: net(images.double()).to(images)


@pytest.fixture(scope="session")
def make_images() -> Callable[..., Tensor]:
    """Return a maker of pictures (count, 3, 16, 16) in double precision, black and white pixels among them."""

    def make(count: int = 6, seed: int = 0) -> Tensor:
        draw = torch.Generator().manual_seed(seed)
        coarse = torch.rand(count, 3, 4, 4, generator=draw, dtype=torch.float64)
        smooth = torch.nn.functional.interpolate(coarse, (SIDE, SIDE), mode="bilinear", align_corners=False)
        return (1.4 * smooth - 0.2).clamp(0, 1)

    return make


@pytest.fixture(scope="session")
def images(make_images: Callable[..., Tensor]) -> Tensor:
    return make_images()


@pytest.fixture(scope="session")
def anchor() -> Tensor:
    return torch.tensor([1.0, -1.0, 1.0, 1.0, -1.0, -1.0, 1.0, -1.0], dtype=torch.float64)


@pytest.fixture
def examples(make_images: Callable[..., Tensor]) -> Examples:
    """Twenty-four photos of three classes."""
    pixels = (make_images(24, seed=1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    return Examples(np.ascontiguousarray(pixels), np.arange(24) % 3)
