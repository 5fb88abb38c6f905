"""Normalisations folded into convolutions: the same model, with less to compute."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn as nn
from torch import Tensor

from unfind.models.encoder import Architecture, Encoder, build_encoder
from unfind.redteam.folded import folded

IMAGES = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(5))
Make = Callable[[nn.Module], Encoder]


def stirred(module: nn.Module) -> nn.Module:
    """The same with statistics and weights of normalisations as training leaves them: nothing is 0 or 1."""
    draw = torch.Generator().manual_seed(2)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            for values in (part.running_mean, part.running_var, part.weight, part.bias):
                if values is not None:
                    values.data.copy_(0.5 + torch.rand(values.shape, generator=draw))
    return module


@pytest.fixture
def make() -> Make:
    """An encoder of 16 bits around a module that gives features (N, D)."""

    def made(module: nn.Module) -> Encoder:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return Encoder(Architecture("tiny", 32, 16, head="hash"), backbone=stirred(module)).eval()

    return made


def norms(encoder: nn.Module) -> int:
    return sum(isinstance(part, nn.BatchNorm2d) for part in encoder.modules())


class Twice(nn.Module):
    """A convolution whose plain output is used beside the normalised one."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 8, 3, 2), nn.BatchNorm2d(8)

    def forward(self, images: Tensor) -> Tensor:
        plain = self.conv(images)
        features: Tensor = (self.norm(plain).relu() + plain).mean((2, 3))
        return features


class Again(nn.Module):
    """One convolution before two normalisations."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.first, self.second = nn.Conv2d(3, 3, 3, 1, 1), nn.BatchNorm2d(3), nn.BatchNorm2d(3)

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.second(self.conv(self.first(self.conv(images)))).mean((2, 3))
        return features


class Residual(nn.Module):
    """Two normalised convolutions beside a third."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.short = (nn.Conv2d(wide, 8, 3, 1, 1, bias=False) for wide in (3, 8, 3))
        self.norms = nn.ModuleList(nn.BatchNorm2d(8) for _ in range(3))

    def forward(self, images: Tensor) -> Tensor:
        mixed = self.norms[1](self.second(self.norms[0](self.first(images)).relu()))
        features: Tensor = (mixed + self.norms[2](self.short(images))).relu().mean((2, 3))
        return features


def line(*parts: nn.Module) -> nn.Module:
    return nn.Sequential(*parts, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())


def test_a_residual_net_loses_its_normalisations_and_nothing_else(make: Make) -> None:
    encoder = make(Residual()).train()
    found = folded(encoder)
    assert norms(encoder) == 3
    assert norms(found) == 0
    assert encoder.training
    assert not found.training
    assert not any(weight.requires_grad for weight in found.parameters())
    torch.testing.assert_close(found.logits(IMAGES), encoder.eval().logits(IMAGES), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("backbone", ["tiny", "small-vgg", "small-resnet"])
def test_built_in_nets_have_nothing_to_fold(backbone: str) -> None:
    encoder = build_encoder(Architecture(backbone, 32, 16, head="hash"), seed=0)
    assert torch.equal(folded(encoder).logits(IMAGES), encoder.eval().logits(IMAGES))


def test_pixels_have_the_same_gradient(make: Make) -> None:
    encoder = make(line(nn.Conv2d(3, 8, 3, 2), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.BatchNorm2d(8)))
    slopes = []
    for model in (encoder, folded(encoder)):
        images = IMAGES.clone().requires_grad_()
        (slope,) = torch.autograd.grad(torch.tanh(model.logits(images)).sum(), images)
        slopes.append(slope)
    torch.testing.assert_close(slopes[0], slopes[1], atol=1e-6, rtol=1e-4)


def test_a_bias_and_a_normalisation_without_weights_are_minded(make: Make) -> None:
    encoder = make(line(nn.Conv2d(3, 6, 3, bias=True), nn.BatchNorm2d(6, affine=False)))
    found = folded(encoder)
    assert norms(found) == 0
    torch.testing.assert_close(found.logits(IMAGES), encoder.logits(IMAGES), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    "module",
    [
        line(nn.BatchNorm2d(3), nn.Conv2d(3, 8, 3)),
        line(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.BatchNorm2d(8)),
        line(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8, track_running_stats=False)),
        Again(),
    ],
    ids=["before", "apart", "no statistics", "shared"],
)
def test_what_cannot_be_folded_stays(make: Make, module: nn.Module) -> None:
    encoder = make(module)
    found = folded(encoder)
    assert norms(found) == norms(encoder)
    assert torch.equal(found.logits(IMAGES), encoder.logits(IMAGES))


def test_a_copy_that_gives_other_logits_is_not_used(make: Make) -> None:
    encoder = make(Twice())
    found = folded(encoder)
    assert norms(found) == 1
    assert torch.equal(found.logits(IMAGES), encoder.logits(IMAGES))
    assert not any(weight.requires_grad for weight in found.parameters())
