"""The ``small-vgg`` backbone: plain stacks of convolutions for images of 32 to 64 pixels, trained from scratch."""

from __future__ import annotations

import torch.nn as nn
from torch import Tensor

WIDTHS = (32, 64, 128, 256)
"""Channels of the four stages of two convolutions; a maximum over 2 x 2 pixels ends each."""
FEATURES = 256
GRID = 2
"""The last map is averaged down to GRID x GRID places, so that images of every size fit the linear layer."""


class SmallVgg(nn.Module):
    """Images (N, 3, H, W) in [0, 1], of at least 16 pixels, to features (N, 256), as VGG makes them.

    Source: Simonyan and Zisserman, "Very Deep Convolutional Networks", ICLR 2015, configuration B cut to four
    stages. Group normalisation is added, as in ``tiny``: it learns from scratch, and treats an image alike whatever
    else is in the batch. About 1.5 million weights.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.Sequential(
            *(stage(i, o) for i, o in zip((3, *WIDTHS[:-1]), WIDTHS, strict=True)), nn.AdaptiveAvgPool2d(GRID)
        )
        self.linear = nn.Sequential(nn.Flatten(), nn.Linear(WIDTHS[-1] * GRID**2, FEATURES), nn.ReLU(inplace=True))

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.linear(self.stages((images - 0.45) / 0.25))
        return features


def stage(inputs: int, outputs: int) -> nn.Sequential:
    """Two 3 x 3 convolutions, then half the resolution."""
    return nn.Sequential(*convolution(inputs, outputs), *convolution(outputs, outputs), nn.MaxPool2d(2))


def convolution(inputs: int, outputs: int) -> list[nn.Module]:
    """A 3 x 3 convolution, its normalisation and its nonlinearity."""
    return [nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False), nn.GroupNorm(8, outputs), nn.ReLU(inplace=True)]
