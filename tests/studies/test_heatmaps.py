"""Where a model looks: Grad-CAM against its definition."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
import torch.nn as nn
import torch.nn.functional as F

from unfind.errors import ModelError, UsageError
from unfind.studies.hash_scene import HashScene
from unfind.studies.heatmaps import heat_of, last_map, likeness, short_name


def test_it_is_the_gradient_weighted_map(hash_scene: HashScene) -> None:
    pytest.importorskip("captum", reason="heatmaps need the extra 'heatmaps'")
    encoder, pixels, codes = hash_scene.encoder, hash_scene.ground.query.pixels[:2], hash_scene.own[:2]
    kept: list[torch.Tensor] = []
    layer = last_map(encoder, hash_scene.images[:1])
    hook = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    agreement = (encoder.logits(hash_scene.images[:2].clone().requires_grad_()) * codes).sum()
    hook.remove()
    (slope,) = torch.autograd.grad(agreement, kept[0])
    expected = (slope.mean((2, 3), keepdim=True) * kept[0]).sum(1, keepdim=True).relu()
    expected = F.interpolate(expected, (32, 32), mode="bilinear", align_corners=False)[:, 0]
    found = heat_of(encoder, pixels, codes)
    assert found.shape == (2, 32, 32)
    assert found.min() >= 0
    assert found == pytest.approx(expected.detach().numpy(), abs=1e-5)


def test_the_layer_gives_a_map(hash_scene: HashScene) -> None:
    layer = last_map(hash_scene.encoder, hash_scene.images[:1])
    assert isinstance(layer, nn.Conv2d | nn.BatchNorm2d)
    assert layer in list(hash_scene.encoder.backbone.modules())


def test_a_model_without_maps_is_refused(hash_scene: HashScene, monkeypatch: pytest.MonkeyPatch) -> None:
    flat = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(3, 4, 1), nn.Flatten())
    monkeypatch.setattr(hash_scene.encoder, "backbone", flat)
    monkeypatch.setattr(hash_scene.encoder, "head", nn.Linear(4, 16))
    with pytest.raises(ModelError, match="maps of features"):
        last_map(hash_scene.encoder, hash_scene.images[:1])


def test_without_captum_it_is_said(hash_scene: HashScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    with pytest.raises(UsageError, match=r"unfind\[heatmaps\]"):
        heat_of(hash_scene.encoder, hash_scene.ground.query.pixels[:1], hash_scene.own[:1])


def test_likeness() -> None:
    maps = np.random.default_rng(0).random((3, 5, 5)).astype(np.float32)
    assert likeness(maps, maps) == pytest.approx(1.0)
    assert likeness(maps, 2 * maps + 1) == pytest.approx(1.0)
    assert likeness(maps, -maps) == pytest.approx(-1.0)
    assert likeness(maps, np.ones_like(maps)) == 0.0
    by_hand = np.mean([np.corrcoef(maps[place].ravel(), maps[2 - place].ravel())[0, 1] for place in range(3)])
    assert likeness(maps, maps[::-1]) == pytest.approx(by_hand, abs=1e-5)


@pytest.mark.parametrize(
    ("backbone", "short"),
    [("tiny", "tiny"), ("torchvision:resnet50", "resnet50"), ("my/mine.py:load", "mine"), ("mine.py:load", "mine")],
)
def test_a_backbone_has_a_short_name(backbone: str, short: str) -> None:
    assert short_name(backbone) == short
