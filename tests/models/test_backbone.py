from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import unfind.models.backbone as backbone_file
from unfind.errors import ModelError, UsageError
from unfind.models.backbone import Normalised, feature_count, make_backbone, resolved_spec
from unfind.models.tiny import Tiny

Own = Callable[..., str]


class Returns(nn.Module):
    """Returns what it is given, whatever the images."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value

    def forward(self, images: torch.Tensor) -> Any:
        return self.value


def test_tiny_is_made_by_name() -> None:
    assert isinstance(make_backbone("tiny"), Tiny)


def test_a_file_is_made_by_path(own: Own) -> None:
    assert make_backbone(own())(torch.rand(2, 3, 20, 20)).shape == (2, 6)


@pytest.mark.parametrize("kind", ["timm", "torchvision"])
@pytest.mark.parametrize("pretrained", [True, False])
def test_a_zoo_model_is_made_by_name_with_its_normalisation(
    kind: str, pretrained: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def load(name: str, *, pretrained: bool) -> tuple[nn.Module, tuple[float, ...], tuple[float, ...]]:
        asked.append((name, pretrained))
        return nn.Identity(), (0.5, 0.25, 0.0), (0.5, 0.25, 2.0)

    monkeypatch.setattr(backbone_file, f"load_{kind}", load)
    backbone = make_backbone(f"{kind}:some_net", pretrained=pretrained)
    assert asked == [("some_net", pretrained)]
    assert backbone(torch.full((1, 3, 1, 1), 0.5)).flatten().tolist() == [0, 1, 0.25]


@pytest.mark.parametrize("spec", ["", "resnet50", "tiny:2", "Tiny", "TIMM:resnet18", "net.py", "hub:x", ":"])
def test_another_kind_is_refused_and_the_known_ones_are_named(spec: str) -> None:
    with pytest.raises(
        UsageError, match=r"tiny, small-vgg, small-resnet, timm:NAME, torchvision:NAME or FILE\.py:FUNCTION"
    ):
        make_backbone(spec)


def test_normalised_subtracts_the_mean_and_divides_by_the_deviation() -> None:
    images, mean, deviation = torch.rand(2, 3, 4, 5), (0.1, 0.2, 0.3), (0.4, 0.5, 0.6)
    found = Normalised(nn.Identity(), mean, deviation)(images)
    for channel in range(3):
        torch.testing.assert_close(found[:, channel], (images[:, channel] - mean[channel]) / deviation[channel])


def test_normalised_stores_no_weights_of_its_own_but_moves_them_along() -> None:
    backbone = Normalised(nn.Linear(2, 2), (0.5,) * 3, (0.5,) * 3)
    assert set(backbone.state_dict()) == {"module.weight", "module.bias"}
    assert backbone.to(torch.float64).mean.dtype == torch.float64


def test_a_resolved_spec_names_an_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert resolved_spec("net.py:load") == f"{tmp_path.resolve() / 'net.py'}:load"
    assert resolved_spec("sub/../net.py:load") == f"{tmp_path.resolve() / 'net.py'}:load"


@pytest.mark.parametrize("spec", ["tiny", "timm:resnet18", "torchvision:vgg11"])
def test_other_specs_are_resolved_already(spec: str) -> None:
    assert resolved_spec(spec) == spec


@pytest.mark.parametrize("size", [16, 33, 64])
def test_features_are_counted(size: int, own: Own) -> None:
    assert feature_count(Tiny(), size) == 432
    assert feature_count(make_backbone(own()), size) == 6


@pytest.mark.parametrize("training", [True, False])
def test_counting_leaves_mode_and_statistics_alone(training: bool, own: Own) -> None:
    backbone = make_backbone(own()).train(training)
    before = {name: value.clone() for name, value in backbone.state_dict().items()}
    feature_count(backbone, 32)
    assert backbone.training is training
    torch.testing.assert_close(backbone.state_dict(), before, atol=0, rtol=0)


@pytest.mark.parametrize(
    ("value", "got"),
    [
        (torch.zeros(2, 5, 3, 3), r"\(2, 5, 3, 3\): pool them"),
        (torch.zeros(1, 5), r"\(1, 5\)"),
        (torch.zeros(2), r"\(2,\)"),
        ([torch.zeros(2, 5)], "list"),
        (None, "NoneType"),
    ],
)
def test_features_of_another_shape_are_refused(value: Any, got: str) -> None:
    with pytest.raises(ModelError, match=got):
        feature_count(Returns(value), 32)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_features_that_are_not_numbers_are_refused(value: float) -> None:
    with pytest.raises(ModelError, match="NaN or infinity: check its weights"):
        feature_count(Returns(torch.tensor([[1.0, 2.0], [value, 3.0]])), 32)


def test_a_backbone_that_fails_on_the_size_is_refused_and_left_as_it_was() -> None:
    backbone = nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 4)).train()
    assert feature_count(backbone, 16) == 4
    with pytest.raises(ModelError, match=r"takes \(N, 3, 32, 32\), got RuntimeError: .*try another --size"):
        feature_count(backbone, 32)
    assert backbone.training
