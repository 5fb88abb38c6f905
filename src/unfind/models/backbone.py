"""A backbone by name: images in [0, 1] to features."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn as nn
from torch import Tensor

from unfind.errors import ModelError, UsageError
from unfind.models.bring_your_own import load_own, parse_spec
from unfind.models.small_resnet import SmallResNet
from unfind.models.small_vgg import SmallVgg
from unfind.models.tiny import Tiny
from unfind.models.zoo import load_timm, load_torchvision

BUILT_IN: dict[str, Callable[[], nn.Module]] = {"tiny": Tiny, "small-vgg": SmallVgg, "small-resnet": SmallResNet}
"""Nets that come without weights and are trained from scratch."""
KINDS = f"{', '.join(BUILT_IN)}, timm:NAME, torchvision:NAME or FILE.py:FUNCTION"


class Normalised(nn.Module):
    """A network that expects inputs of a given mean and deviation, made to accept images in [0, 1]."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, module: nn.Module, mean: tuple[float, ...], deviation: tuple[float, ...]) -> None:
        super().__init__()
        self.module = module
        self.register_buffer("mean", torch.tensor(mean)[:, None, None], persistent=False)
        self.register_buffer("deviation", torch.tensor(deviation)[:, None, None], persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.module((images - self.mean) / self.deviation)
        return features


def make_backbone(spec: str, *, pretrained: bool = True) -> nn.Module:
    """A module that maps images (N, 3, H, W) in [0, 1] to features (N, D).

    Args:
        spec: one of BUILT_IN, ``timm:NAME``, ``torchvision:NAME`` or ``FILE.py:FUNCTION``.
        pretrained: whether timm and torchvision models come with their published weights (downloaded).

    Raises:
        UsageError: another kind of spec.
        ModelError: the backbone cannot be made.
    """
    kind, _, name = spec.partition(":")
    if spec in BUILT_IN:
        return BUILT_IN[spec]()
    if kind == "timm":
        return Normalised(*load_timm(name, pretrained=pretrained))
    if kind == "torchvision":
        return Normalised(*load_torchvision(name, pretrained=pretrained))
    if is_own(spec):
        return load_own(spec)
    raise UsageError(f"Expected a backbone out of {KINDS}, got '{spec}': choose one of these.")


def is_own(spec: str) -> bool:
    """Whether a spec names a Python file of the user's, which is run when the backbone is made."""
    return ".py:" in spec


def resolved_spec(spec: str) -> str:
    """The spec as a card stores it: with the file's absolute path, so that it loads from any folder."""
    if not is_own(spec):
        return spec
    path, function = parse_spec(spec)
    return f"{path}:{function}"


def feature_count(backbone: nn.Module, size: int) -> int:
    """How many features the backbone gives for an image of the size; checks what it returns on the way.

    Raises:
        ModelError: it fails on such an image, or does not return finite (N, D) numbers.
    """
    was_training = backbone.training
    backbone.eval()
    try:
        with torch.no_grad():
            features = backbone(torch.full((2, 3, size, size), 0.5))
    except Exception as error:
        raise ModelError(
            f"Expected a backbone that takes (N, 3, {size}, {size}), got {type(error).__name__}: {error}; "
            "try another --size."
        ) from error
    finally:
        backbone.train(was_training)
    if not isinstance(features, Tensor) or features.dim() != 2 or len(features) != 2:
        shape = tuple(features.shape) if isinstance(features, Tensor) else type(features).__name__
        raise ModelError(f"Expected features (2, D) of 2 images from the backbone, got {shape}: pool them first.")
    if not bool(features.isfinite().all()):
        raise ModelError("Expected finite features from the backbone, got NaN or infinity: check its weights.")
    return int(features.shape[1])
