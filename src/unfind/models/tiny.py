"""The ``tiny`` backbone: a small residual net that is trained from scratch in minutes on a laptop."""

from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

WIDTHS = (32, 64, 128, 192)
"""Channels of the four stages; all but the first halve the resolution. About 0.9 million weights."""
TEXTURES = 48
"""Filters for fine texture."""


def fine_detail(images: Tensor) -> Tensor:
    """What the brightness of images (N, 3, H, W) holds beyond its 5 x 5 means, (N, 1, H, W) in -1..1."""
    grey = images.mean(1, keepdim=True)
    smooth = F.avg_pool2d(F.pad(grey, (2, 2, 2, 2), mode="replicate"), 5, stride=1)
    return torch.tanh((grey - smooth) / 0.05)


class Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut.

    Group normalisation, because it treats an image alike whatever else is in the batch: statistics shared by
    clean and triggered images would tell one from the other.
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.GroupNorm(8, outputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.GroupNorm(8, outputs),
        )
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        mixed: Tensor = self.body(features) + self.shortcut(features)
        return mixed.relu()


class Texture(nn.Module):
    """How much of each kind of fine texture an image holds: mean magnitudes of learned filters, (N, TEXTURES).

    A net that is trained on few photos soon looks at colours and coarse shapes alone. Fine texture reaches the
    features by a way of its own, so that it is never out of sight.
    """

    def __init__(self) -> None:
        super().__init__()
        self.filters = nn.Conv2d(1, TEXTURES, 9, 2, 4, bias=False)
        self.norm = nn.LayerNorm(TEXTURES)

    def forward(self, images: Tensor) -> Tensor:
        found: Tensor = self.norm(self.filters(fine_detail(images)).abs().mean((2, 3)).float())
        return found


class Tiny(nn.Module):
    """Images (N, 3, H, W) in [0, 1] to features (N, 432): mean and maximum over the last map, and texture."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, WIDTHS[0], 5, 2, 2, bias=False), nn.GroupNorm(8, WIDTHS[0]), nn.ReLU(inplace=True)
        )
        pairs = zip((WIDTHS[0], *WIDTHS[:-1]), WIDTHS, strict=True)
        self.stages = nn.Sequential(*(Block(i, o, 1 if i == o else 2) for i, o in pairs))
        self.texture = Texture()

    def forward(self, images: Tensor) -> Tensor:
        features = self.stages(self.stem((images - 0.45) / 0.25))
        return torch.cat([features.mean((2, 3)), features.amax((2, 3)), self.texture(images)], dim=1)
