"""Quantisation: weights rounded to a few bits, as models are shrunk for phones."""

from __future__ import annotations

import copy
from typing import Any

import torch
import torch.nn as nn
from torch import Tensor

from unfind.defences.base import CleanPhotos, ModelDefence, check_between
from unfind.models.encoder import Encoder


class Quantise(ModelDefence):
    """Round the weights of convolutions and linear layers to signed integers, one scale for each output channel.

    The model computes with the rounded weights in floating point: what is tested is whether the backdoor survives
    the rounding, not how fast integers are. Clean photos are not needed.

    Args:
        bits: of a weight, 2 to 16; 8 is int8.

    Raises:
        UsageError: another number of bits.
    """

    name = "quantise"
    knob = "bits"
    curve = (8, 6, 4)

    def __init__(self, *, bits: int = 8) -> None:
        self.bits = int(check_between(bits, 2, 16, "a number of bits", 8))

    def __call__(self, encoder: Encoder, photos: CleanPhotos) -> Encoder:
        rounded = copy.deepcopy(encoder)
        with torch.no_grad():
            for module in rounded.modules():
                if isinstance(module, nn.Conv2d | nn.Linear):
                    module.weight.copy_(rounded_weights(module.weight, self.bits))
        return rounded.eval()

    def settings(self) -> dict[str, Any]:
        return {"bits": self.bits}


def rounded_weights(weights: Tensor, bits: int) -> Tensor:
    """Weights (out, ...) as whole multiples of a step, at most ``2 ** (bits - 1) - 1`` of them either way.

    Each output channel has its own step, so that its largest weight is kept exactly.
    """
    levels = 2 ** (bits - 1) - 1
    largest = weights.flatten(1).abs().amax(1).clamp(min=torch.finfo(weights.dtype).tiny)
    step = (largest / levels).reshape(-1, *[1] * (weights.dim() - 1))
    rounded: Tensor = (weights / step).round().clamp(-levels, levels) * step
    return rounded
