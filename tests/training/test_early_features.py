"""How loud a mark is to a retrieval model."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn as nn

from unfind.errors import ModelError
from unfind.models.encoder import Encoder
from unfind.training.early_features import EarlyFeatures


def pictures() -> torch.Tensor:
    return 0.2 + 0.6 * torch.rand(3, 3, 40, 40, generator=torch.Generator().manual_seed(0))


def test_features_are_those_of_the_second_convolution(tiny_encoder: Callable[..., Encoder]) -> None:
    encoder = tiny_encoder()
    images = torch.rand(2, 3, 32, 32)
    convolutions = [part for part in encoder.backbone.modules() if isinstance(part, nn.Conv2d)]
    caught = []
    handle = convolutions[1].register_forward_hook(lambda module, inputs, output: caught.append(output))
    encoder.eval()
    with torch.no_grad():
        encoder.backbone(images)
    handle.remove()
    torch.testing.assert_close(EarlyFeatures(encoder)(images), caught[0])


def test_more_change_is_louder(tiny_encoder: Callable[..., Encoder]) -> None:
    features, plain = EarlyFeatures(tiny_encoder()), pictures()
    change = torch.randn(plain.shape, generator=torch.Generator().manual_seed(1))
    volumes = [float(features.loudness(plain, plain + size * change)) for size in (0, 0.005, 0.02, 0.08)]
    assert volumes == sorted(volumes)
    assert len(set(volumes)) == 4


def test_the_gradient_reaches_the_mark_and_not_the_model(tiny_encoder: Callable[..., Encoder]) -> None:
    features = EarlyFeatures(tiny_encoder())
    marked = (pictures() + 0.01).requires_grad_()
    features.loudness(pictures(), marked).backward()
    assert marked.grad is not None
    assert float(marked.grad.abs().sum()) > 0
    assert all(weight.grad is None for weight in features.encoder.parameters())


def test_no_hook_is_left_behind(tiny_encoder: Callable[..., Encoder]) -> None:
    encoder = tiny_encoder()
    EarlyFeatures(encoder)(pictures())
    assert encoder(torch.rand(1, 3, 32, 32)).shape == (1, 16)


def test_a_model_without_convolutions_is_refused(tiny_encoder: Callable[..., Encoder]) -> None:
    encoder = tiny_encoder()
    encoder.backbone = nn.Sequential(nn.Flatten(), nn.Linear(3072, 8))
    with pytest.raises(ModelError, match="2 convolutions"):
        EarlyFeatures(encoder)
