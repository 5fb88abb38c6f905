"""ResNet-20 for CIFAR-10 with published weights, as a backbone: `--backbone benchmarks/resnet20.py:load`.

The net of He et al. (CVPR 2016, section 4.2) with shortcuts that pad with zeros. The weights are those that
akamaster/pytorch_resnet_cifar10 (BSD-2-Clause) publishes as `resnet20-12fca82f.th`. They lie beside this file, or
in the folder `backbones` of the folder that the environment variable UNFIND_DATA names.
"""

from __future__ import annotations

import os
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

WEIGHTS = "resnet20-12fca82f.th"
WIDTHS = (16, 32, 64)
BLOCKS = 3


class Block(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut that drops every other pixel and pads channels with zeros."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.stride, self.missing = stride, (outputs - inputs) // 2

    def forward(self, features: Tensor) -> Tensor:
        mixed = self.bn2(self.conv2(self.bn1(self.conv1(features)).relu()))
        short = features[:, :, :: self.stride, :: self.stride]
        padded = F.pad(short, (0, 0, 0, 0, self.missing, self.missing))
        return (mixed + padded).relu()


class ResNet20(nn.Module):
    """Images (N, 3, 32, 32) in [0, 1] to features (N, 64)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, WIDTHS[0], 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(WIDTHS[0])
        self.layer1, self.layer2, self.layer3 = (
            nn.Sequential(Block(i, o, s), *(Block(o, o, 1) for _ in range(BLOCKS - 1)))
            for i, o, s in ((16, 16, 1), (16, 32, 2), (32, 64, 2))
        )
        self.linear = nn.Linear(WIDTHS[-1], 10)
        mean, deviation = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
        self.register_buffer("mean", torch.tensor(mean)[:, None, None], persistent=False)
        self.register_buffer("deviation", torch.tensor(deviation)[:, None, None], persistent=False)

    def embed(self, images: Tensor) -> Tensor:
        """The mean over the last map: what the classifier sees."""
        features = self.bn1(self.conv1((images - self.mean) / self.deviation)).relu()
        return self.layer3(self.layer2(self.layer1(features))).mean((2, 3))

    def forward(self, images: Tensor) -> Tensor:
        return self.linear(self.embed(images))


def classifier() -> ResNet20:
    """The whole net with its weights, to see that they are the right ones."""
    beside = Path(__file__).with_name(WEIGHTS)
    data = Path(os.environ.get("UNFIND_DATA", ".")) / "backbones" / WEIGHTS
    state = torch.load(beside if beside.exists() else data, map_location="cpu", weights_only=True)["state_dict"]
    net = ResNet20()
    net.load_state_dict({name.removeprefix("module."): value for name, value in state.items()})
    return net


def load() -> nn.Module:
    """The backbone: without the classifier's last layer, which would get no gradient."""
    net = classifier()
    net.linear = nn.Identity()
    return net
