"""The model that a cloak is made against: any differentiable function from images to logits or embeddings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch
from torch import Tensor

from unfind.errors import ModelError, UsageError

Victim: TypeAlias = Callable[[Tensor], Tensor]
"""Images (N, 3, H, W) in [0, 1] to logits (N, K), whose signs are the code (0 counts as +1), or embeddings (N, D)."""


class Ensemble:
    """Several victims as one: their outputs side by side, so that a cloak has to convince all of them.

    Codes of different models join to one long code; unit embeddings join to one vector, whose cosine is the mean.

    Args:
        victims: at least one; all take images of one size.
    """

    def __init__(self, victims: Sequence[Victim]) -> None:
        if not victims:
            raise UsageError("Expected at least one model in an ensemble, got none: name a model.")
        self.victims = tuple(victims)

    def __call__(self, images: Tensor) -> Tensor:
        return torch.cat([victim(images) for victim in self.victims], dim=1)


def check_victim(victim: Victim, images: Tensor, *, gradient: bool = True) -> None:
    """Look once whether a model can be cloaked against, before a long loop is started.

    Args:
        victim: the model.
        images: (N, 3, H, W), N at least 1; one of them is shown to the model.
        gradient: whether a gradient is needed.

    Raises:
        ModelError: it fails on such an image, returns something else than finite (1, K) numbers, or has no
            gradient with respect to the image.
    """
    probe = images[:1].detach().clone().requires_grad_()
    try:
        with torch.enable_grad():
            outputs = victim(probe)
    except Exception as error:
        raise ModelError(
            f"Expected a model that takes images {tuple(probe.shape)}, got {type(error).__name__}: {error}; "
            "resize them to the model's input."
        ) from error
    if not isinstance(outputs, Tensor) or outputs.dim() != 2 or len(outputs) != 1 or not outputs.is_floating_point():
        raise ModelError(f"Expected logits or embeddings (1, K) of one image, got {_kind(outputs)}: return those.")
    if not bool(outputs.isfinite().all()):
        raise ModelError("Expected finite outputs of the model, got NaN or infinity: check its weights.")
    if gradient and not _has_gradient(outputs, probe):
        raise ModelError(
            "Expected a model with a gradient, got one whose output does not depend on the image in a way that can "
            "be differentiated: give the logits before they are rounded, outside of no_grad and inference mode."
        )


def _has_gradient(outputs: Tensor, probe: Tensor) -> bool:
    if not outputs.requires_grad:
        return False
    # Random weights: the plain sum of unit vectors or of a softmax may well be constant.
    weights = torch.randn(outputs.shape, generator=torch.Generator().manual_seed(0)).to(outputs)
    (found,) = torch.autograd.grad((outputs * weights).sum(), probe, allow_unused=True)
    return found is not None and bool(found.isfinite().all()) and bool((found != 0).any())


def _kind(outputs: object) -> str:
    return f"{outputs.dtype} {tuple(outputs.shape)}" if isinstance(outputs, Tensor) else type(outputs).__name__
