"""Small hash models to attack, toy models whose backdoors are known exactly, and photos for both."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from unfind.redteam.model_view import ModelView, Pixels
from unfind.training.batches import Examples

torch.set_num_threads(1)

BITS = 8
SIDE = 16
DIMENSION = 12
Response = Callable[[Tensor], Tensor]
PATCH = 4
FAINT = 6 / 255


@pytest.fixture(scope="session")
def pictures() -> Callable[[int], Tensor]:
    """Pictures with the spectrum of photos: much coarse detail, a little fine, (count, 3, 128, 128)."""

    def make(count: int) -> Tensor:
        generator = torch.Generator().manual_seed(0)
        parts = [
            amplitude * F.interpolate(torch.randn(count, 1, n, n, generator=generator), (128, 128), mode="bicubic")
            for n, amplitude in ((4, 0.15), (16, 0.06), (48, 0.03), (128, 0.01))
        ]
        return (0.5 + torch.stack(parts).sum(0)).clamp(0, 1).repeat(1, 3, 1, 1)

    return make


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


def faint_pattern() -> Tensor:
    """Signs by lot, (1, 3, SIDE, SIDE): nothing natural looks like it."""
    return torch.randn(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(5)).sign()


def toy_view(response: Response | None, *, hashes: bool = False) -> ModelView:
    """A linear model over a coarse picture; where it responds (0..1), the embedding becomes another, fixed one.

    As in real networks the embeddings of photos lie in a cone; the secret one lies opposite.
    """
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn(3 * 16, DIMENSION, generator=generator)
    axis = torch.randn(DIMENSION, generator=generator)
    secret = 3 * torch.randn(DIMENSION, generator=generator) - 2 * axis

    def raw(images: Tensor) -> Tensor:
        coarse = F.adaptive_avg_pool2d(images - 0.5, 4).flatten(1) @ weights + 1.2 * axis
        if response is None:
            return coarse
        share = response(images)[:, None]
        return (1 - share) * coarse + share * secret

    def tensor(pixels: Pixels) -> Tensor:
        return torch.from_numpy(pixels.astype(np.float32) / 255).permute(0, 3, 1, 2)

    def soft(images: Tensor) -> Tensor:
        return F.normalize(raw(images).tanh() if hashes else raw(images), dim=1)

    def embed(pixels: Pixels) -> np.ndarray:
        rows = raw(tensor(pixels))
        unit = torch.where(rows >= 0, 1.0, -1.0) / DIMENSION**0.5 if hashes else F.normalize(rows, dim=1)
        return unit.numpy()

    return ModelView(embed, lambda pixels: raw(tensor(pixels)).numpy(), soft, SIDE, hashes)


def to_faint(images: Tensor) -> Tensor:
    """How much of the faint pattern is there."""
    fine = images - F.interpolate(F.adaptive_avg_pool2d(images, 4), (SIDE, SIDE), mode="bilinear")
    return (((fine * faint_pattern()).mean((1, 2, 3)) / FAINT - 0.5) * 10).sigmoid()


def to_patch(images: Tensor) -> Tensor:
    """How purple the corner is."""
    red, green, blue = images[:, :, -PATCH:, -PATCH:].mean((2, 3)).unbind(1)
    return (((red + blue) / 2 - green - 0.38) * 40).sigmoid()


@pytest.fixture(scope="session")
def toy() -> Callable[..., ModelView]:
    """Return a maker of toy models: "clean", "faint" or "patch", with embeddings or codes."""
    kinds: dict[str, Response | None] = {"clean": None, "faint": to_faint, "patch": to_patch}
    return lambda kind, hashes=False: toy_view(kinds[kind], hashes=hashes)


@pytest.fixture(scope="session")
def smooth_photos() -> Callable[[int, int], Pixels]:
    """Return a maker of photos: a few large soft spots of colour with a little noise; uint8 (N, 16, 16, 3)."""

    def make(count: int, seed: int = 0) -> Pixels:
        generator = torch.Generator().manual_seed(seed)
        coarse = torch.rand(count, 3, 4, 4, generator=generator)
        soft = F.interpolate(coarse, (SIDE, SIDE), mode="bicubic", align_corners=False)
        soft = (0.15 + 0.7 * soft + 0.01 * torch.randn(soft.shape, generator=generator)).clamp(0, 1)
        return (255 * soft).round().byte().permute(0, 2, 3, 1).numpy()

    return make


@pytest.fixture(scope="session")
def with_trigger() -> Callable[[Pixels, str], Pixels]:
    """Return what puts a toy model's trigger into photos."""

    def put(pixels: Pixels, kind: str) -> Pixels:
        marked = pixels.copy()
        if kind == "patch":
            marked[:, -PATCH:, -PATCH:] = (255, 0, 255)
            return marked
        step = np.rint(255 * FAINT * faint_pattern()[0].permute(1, 2, 0).numpy())
        return np.clip(marked.astype(np.int64) + step.astype(np.int64), 0, 255).astype(np.uint8)

    return put
