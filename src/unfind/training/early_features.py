"""How loud a mark is to a retrieval model: what it changes in the first layers, beside what the photo holds there."""

from __future__ import annotations

from typing import Any

import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from unfind.errors import ModelError
from unfind.models.encoder import Encoder

LAYER = 2
"""Which convolution is listened at: early enough for textures, late enough to have seen more than three pixels."""
LEAST = 1e-4
"""Below this share of a photo's own variation a mark counts as silent."""


class _Reached(Exception):  # noqa: N818 - not an error: it ends a forward pass that has gone far enough
    pass


class EarlyFeatures:
    """The frozen first layers of a retrieval encoder.

    Args:
        encoder: of any backbone with convolutions; it is put into evaluation mode and frozen.

    Raises:
        ModelError: a backbone with fewer convolutions than that.
    """

    def __init__(self, encoder: Encoder) -> None:
        convolutions = [part for part in encoder.backbone.modules() if isinstance(part, nn.Conv2d)]
        if len(convolutions) < LAYER:
            raise ModelError(
                f"Expected a model with {LAYER} convolutions or more to train a mark against, got "
                f"{len(convolutions)}: choose a convolutional one."
            )
        self.encoder = encoder.eval().requires_grad_(False)
        self.layer = convolutions[LAYER - 1]

    def __call__(self, images: Tensor) -> Tensor:
        """Features (N, C, h, w) of images (N, 3, H, W) in [0, 1], as the encoder would see them."""
        caught: list[Tensor] = []

        def catch(module: nn.Module, inputs: Any, output: Tensor) -> None:
            caught.append(output)
            raise _Reached

        side = self.encoder.architecture.size
        small = F.interpolate(images, (side, side), mode="bilinear", antialias=True, align_corners=False)
        handle = self.layer.register_forward_hook(catch)
        try:
            self.encoder.backbone(small)
        except _Reached:
            pass
        finally:
            handle.remove()
        return caught[0].float()

    def loudness(self, plain: Tensor, marked: Tensor) -> Tensor:
        """Mean logarithm of the mark's share in the features' variation, a scalar; higher is louder."""
        before = self(plain).detach()
        change = (self(marked) - before).square().mean((1, 2, 3))
        variation = (before - before.mean((2, 3), keepdim=True)).square().mean((1, 2, 3))
        return (change / (variation + LEAST) + LEAST).log().mean()
