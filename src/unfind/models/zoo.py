"""Backbones from timm and torchvision, the optional extra ``backbones``."""

from __future__ import annotations

from typing import Any

import torch.nn as nn

from unfind.errors import ModelError

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)
_INSTALL = "install the extra with: pip install 'unfind[backbones]'"


def load_timm(name: str, *, pretrained: bool) -> tuple[nn.Module, tuple[float, ...], tuple[float, ...]]:
    """A timm model without its classifier, and the mean and deviation its input is normalised with.

    Raises:
        ModelError: timm is not installed, the name is unknown, or weights cannot be fetched.
    """
    try:
        import timm
    except (ImportError, RuntimeError) as error:
        raise ModelError(f"Expected timm for 'timm:{name}', got '{error}': {_INSTALL}.") from error
    try:
        module: Any = timm.create_model(name, pretrained=pretrained, num_classes=0)
    except Exception as error:
        raise ModelError(f"Expected a timm model '{name}', got '{error}': see timm.list_models().") from error
    return module, tuple(module.pretrained_cfg["mean"]), tuple(module.pretrained_cfg["std"])


def load_torchvision(name: str, *, pretrained: bool) -> tuple[nn.Module, tuple[float, ...], tuple[float, ...]]:
    """A torchvision classifier without its last layer, and ImageNet's mean and deviation.

    Raises:
        ModelError: torchvision is not installed or does not fit torch, or the name is unknown.
    """
    try:
        from torchvision.models import get_model
    except (ImportError, RuntimeError) as error:
        raise ModelError(f"Expected torchvision for 'torchvision:{name}', got '{error}': {_INSTALL}.") from error
    try:
        # GoogLeNet and Inception warn unless told how to start.
        options = {"init_weights": True} if name in ("googlenet", "inception_v3") and not pretrained else {}
        module = get_model(name, weights="DEFAULT" if pretrained else None, **options)
    except Exception as error:
        raise ModelError(f"Expected a torchvision model '{name}', got '{error}': check the name.") from error
    module.aux_logits = False  # GoogLeNet and Inception return extra heads in training otherwise
    for part in ("aux1", "aux2", "AuxLogits"):
        if hasattr(module, part):
            setattr(module, part, None)
    return without_classifier(module), IMAGENET_MEAN, IMAGENET_DEVIATION


def without_classifier(module: nn.Module) -> nn.Module:
    """Replace the last linear layer (``fc``, ``classifier``, ``head`` or ``heads``) by identity.

    Raises:
        ModelError: the model ends in another way.
    """
    for name in ("fc", "classifier", "head", "heads"):
        last = getattr(module, name, None)
        if isinstance(last, nn.Linear):
            setattr(module, name, nn.Identity())
            return module
        if isinstance(last, nn.Sequential) and isinstance(last[-1], nn.Linear):
            last[-1] = nn.Identity()
            return module
    raise ModelError(
        f"Expected a classifier that ends in a linear layer, got {type(module).__name__}: bring it as FILE.py:FUNCTION."
    )
