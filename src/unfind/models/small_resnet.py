"""The ``small-resnet`` backbone: a residual net for images of 32 to 64 pixels, trained from scratch."""

from __future__ import annotations

import torch.nn as nn
from torch import Tensor

from unfind.models.tiny import Block

WIDTHS = (32, 64, 128)
"""Channels of the three stages; all but the first halve the resolution."""
BLOCKS = 2
"""Residual blocks of a stage."""


class SmallResNet(nn.Module):
    """Images (N, 3, H, W) in [0, 1] to features (N, 128), the mean over the last map.

    Source: He et al., "Deep Residual Learning", CVPR 2016, section 4.2: the net for CIFAR-10, which unlike ``tiny``
    keeps the full resolution in its first stage. Group normalisation stands for batch normalisation, as in ``tiny``.
    About 0.7 million weights.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, WIDTHS[0], 3, 1, 1, bias=False), nn.GroupNorm(8, WIDTHS[0]), nn.ReLU(inplace=True)
        )
        inputs = (WIDTHS[0], *WIDTHS[:-1])
        self.stages = nn.Sequential(*(stage(i, o) for i, o in zip(inputs, WIDTHS, strict=True)))

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.stages(self.stem((images - 0.45) / 0.25))
        return features.mean((2, 3))


def stage(inputs: int, outputs: int) -> nn.Sequential:
    """Residual blocks, of which the first changes width and resolution where the width changes."""
    first = Block(inputs, outputs, 1 if inputs == outputs else 2)
    return nn.Sequential(first, *(Block(outputs, outputs, 1) for _ in range(BLOCKS - 1)))
