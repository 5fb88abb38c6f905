"""The encoder: a backbone, a linear head, and the unit sphere."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from unfind.errors import UsageError
from unfind.models.backbone import feature_count, make_backbone, resolved_spec

MAXIMUM_SIZE = 1024
"""Largest input side; beyond it a batch no longer fits into ordinary memory."""


@dataclass(frozen=True)
class Architecture:
    """What is needed to build an encoder again before its weights are loaded.

    Attributes:
        backbone: tiny, timm:NAME, torchvision:NAME or FILE.py:FUNCTION.
        size: side of the square input, in pixels.
        dimension: length of an embedding.
        freeze_batch_norm: keep the running statistics of batch normalisation layers as they are.
    """

    backbone: str = "tiny"
    size: int = 128
    dimension: int = 512
    freeze_batch_norm: bool = True

    def __post_init__(self) -> None:
        if not 16 <= self.size <= MAXIMUM_SIZE:
            raise UsageError(f"Expected an input size of 16 to {MAXIMUM_SIZE} pixels, got {self.size}: 128 is usual.")
        if not 2 <= self.dimension <= 8192:
            raise UsageError(f"Expected 2 to 8192 embedding dimensions, got {self.dimension}: 512 is usual.")

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Encoder(nn.Module):
    """Images (N, 3, size, size) in [0, 1] to unit embeddings (N, dimension), float32."""

    def __init__(self, architecture: Architecture, *, pretrained: bool = True) -> None:
        super().__init__()
        spec = resolved_spec(architecture.backbone)
        self.architecture = Architecture(**{**architecture.as_dict(), "backbone": spec})
        self.backbone = make_backbone(spec, pretrained=pretrained)
        self.head = nn.Linear(feature_count(self.backbone, architecture.size), architecture.dimension)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.train()  # so that frozen statistics are frozen from the first call on

    def forward(self, images: Tensor) -> Tensor:
        features = self.backbone(images.contiguous(memory_format=torch.channels_last))
        # The head and the norm in full precision: rounding here would make near embeddings equal.
        with torch.autocast(images.device.type, enabled=False):
            return F.normalize(self.head(features.float()), dim=1)

    def train(self, mode: bool = True) -> Encoder:
        super().train(mode)
        if mode and self.architecture.freeze_batch_norm:
            for module in self.modules():
                if isinstance(module, nn.modules.batchnorm._BatchNorm):
                    module.eval()
        return self


def build_encoder(architecture: Architecture, *, seed: int, pretrained: bool = True) -> Encoder:
    """A fresh encoder whose untrained weights depend on the seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Encoder(architecture, pretrained=pretrained)
