from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

from unfind.errors import ModelError
from unfind.models.backbone import feature_count, make_backbone
from unfind.models.zoo import IMAGENET_DEVIATION, IMAGENET_MEAN, load_timm, load_torchvision, without_classifier


class Classifier(nn.Module):
    """Ten classes from four features, with the last layer under a given name."""

    def __init__(self, name: str, last: nn.Module) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 4))
        self.last = name
        setattr(self, name, last)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        scores: torch.Tensor = getattr(self, self.last)(self.body(images))
        return scores


class BrokenBuild:
    """A finder under which importing torchvision fails as it does beside a torch of another build."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: object = None) -> None:
        if name.partition(".")[0] == "torchvision":
            raise RuntimeError("operator torchvision::nms does not exist")


def forget_torchvision(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        monkeypatch.delitem(sys.modules, name)


def install_torchvision(monkeypatch: pytest.MonkeyPatch, get_model: Any) -> None:
    """Put a stand-in in torchvision's place."""
    forget_torchvision(monkeypatch)
    package, models = ModuleType("torchvision"), ModuleType("torchvision.models")
    models.get_model = get_model  # type: ignore[attr-defined]
    package.models = models  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torchvision", package)
    monkeypatch.setitem(sys.modules, "torchvision.models", models)


def test_without_timm_the_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(ModelError, match=r"Expected timm for 'timm:resnet18', got .*pip install 'unfind\[backbones\]'"):
        load_timm("resnet18", pretrained=False)


def test_without_torchvision_the_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_torchvision(monkeypatch)
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(ModelError, match=r"'torchvision:vgg11', got .*pip install 'unfind\[backbones\]'"):
        make_backbone("torchvision:vgg11", pretrained=False)


def test_a_torchvision_that_does_not_fit_torch_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_torchvision(monkeypatch)
    monkeypatch.setattr(sys, "meta_path", [BrokenBuild(), *sys.meta_path])
    with pytest.raises(ModelError, match=r"operator torchvision::nms does not exist.*pip install"):
        load_torchvision("vgg11", pretrained=False)


def test_timm_is_asked_for_features_and_says_how_to_normalise(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def create_model(name: str, **options: Any) -> nn.Module:
        asked.append((name, options))
        module = nn.Flatten()
        module.pretrained_cfg = {"mean": [0.1, 0.2, 0.3], "std": [0.4, 0.5, 0.6]}  # type: ignore[assignment]
        return module

    timm = ModuleType("timm")
    timm.create_model = create_model  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "timm", timm)
    module, mean, deviation = load_timm("some_net", pretrained=True)
    assert asked == [("some_net", {"pretrained": True, "num_classes": 0})]
    assert isinstance(module, nn.Flatten)
    assert mean == (0.1, 0.2, 0.3)
    assert deviation == (0.4, 0.5, 0.6)


def test_timm_that_fails_is_reported_in_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def create_model(name: str, **options: Any) -> nn.Module:
        raise RuntimeError(f"Unknown model ({name})")

    timm = ModuleType("timm")
    timm.create_model = create_model  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "timm", timm)
    with pytest.raises(ModelError, match=r"'reznet', got 'Unknown model \(reznet\)'"):
        load_timm("reznet", pretrained=False)


@pytest.mark.parametrize(("pretrained", "weights"), [(True, "DEFAULT"), (False, None)])
def test_torchvision_comes_without_classifier_and_with_imagenet_statistics(
    monkeypatch: pytest.MonkeyPatch, pretrained: bool, weights: str | None
) -> None:
    asked: list[Any] = []

    def get_model(name: str, **options: Any) -> nn.Module:
        asked.append((name, options))
        return Classifier("fc", nn.Linear(4, 10))

    install_torchvision(monkeypatch, get_model)
    module, mean, deviation = load_torchvision("some_net", pretrained=pretrained)
    assert asked == [("some_net", {"weights": weights})]
    assert module(torch.rand(2, 3, 8, 8)).shape == (2, 4)
    assert (mean, deviation) == (IMAGENET_MEAN, IMAGENET_DEVIATION)


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
def test_extra_heads_are_taken_off(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    asked: list[Any] = []

    def get_model(name: str, **options: Any) -> nn.Module:
        asked.append(options)
        module = Classifier("fc", nn.Linear(4, 10))
        module.aux_logits = True  # type: ignore[assignment]
        module.aux1 = module.AuxLogits = nn.Linear(4, 10)
        return module

    install_torchvision(monkeypatch, get_model)
    module, _, _ = load_torchvision(name, pretrained=False)
    assert asked == [{"weights": None, "init_weights": True}]
    assert module.aux_logits is False
    assert module.aux1 is None
    assert not any(weights.shape == (10, 4) for weights in module.parameters())


def test_torchvision_that_fails_is_reported_in_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def get_model(name: str, **options: Any) -> nn.Module:
        raise ValueError(f"Unknown model {name}")

    install_torchvision(monkeypatch, get_model)
    with pytest.raises(ModelError, match="'vgg', got 'Unknown model vgg': check the name"):
        load_torchvision("vgg", pretrained=False)


@pytest.mark.parametrize("name", ["fc", "classifier", "head", "heads"])
@pytest.mark.parametrize("wrapped", [False, True])
def test_the_last_linear_layer_is_replaced_by_identity(name: str, wrapped: bool) -> None:
    last = nn.Sequential(nn.ReLU(), nn.Linear(4, 10)) if wrapped else nn.Linear(4, 10)
    module = Classifier(name, last)
    images = torch.rand(2, 3, 8, 8)
    body = module.body(images)
    assert module(images).shape == (2, 10)
    found = without_classifier(module)
    assert found is module
    torch.testing.assert_close(found(images), body.relu() if wrapped else body)


def test_a_wide_layer_before_the_last_one_stays() -> None:
    module = Classifier("classifier", nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Dropout(), nn.Linear(6, 10)))
    assert without_classifier(module).eval()(torch.rand(2, 3, 8, 8)).shape == (2, 6)


@pytest.mark.parametrize(
    "module",
    [
        Classifier("output", nn.Linear(4, 10)),
        Classifier("classifier", nn.Sequential(nn.Linear(4, 10), nn.Softmax(dim=1))),
        Classifier("classifier", nn.Conv2d(4, 10, 1)),
        nn.Identity(),
    ],
)
def test_a_model_that_ends_otherwise_is_refused(module: nn.Module) -> None:
    with pytest.raises(ModelError, match=rf"got {type(module).__name__}: bring it as FILE\.py:FUNCTION"):
        without_classifier(module)


def test_a_real_timm_model(torchvision_operators: None) -> None:
    pytest.importorskip("timm", reason="timm is an optional extra")
    backbone = make_backbone("timm:resnet18", pretrained=False)
    assert feature_count(backbone, 64) == 512
    with pytest.raises(ModelError, match=r"timm\.list_models"):
        make_backbone("timm:no_such_net", pretrained=False)


@pytest.mark.parametrize(("name", "features"), [("resnet18", 512), ("mobilenet_v3_small", 1024), ("googlenet", 1024)])
def test_a_real_torchvision_model(name: str, features: int, torchvision_operators: None) -> None:
    try:
        import torchvision  # noqa: F401
    except (ImportError, RuntimeError) as error:  # a build for another torch fails with RuntimeError
        pytest.skip(f"torchvision is an optional extra: {error}")
    backbone = make_backbone(f"torchvision:{name}", pretrained=False)
    assert feature_count(backbone, 64) == features
    assert backbone.train()(torch.rand(2, 3, 64, 64)).shape == (2, features)
    with pytest.raises(ModelError, match="check the name"):
        make_backbone("torchvision:no_such_net", pretrained=False)
