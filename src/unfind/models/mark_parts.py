"""What the two networks of a mark are made of, and the sizes on which both must agree."""

from __future__ import annotations

import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from unfind.models.gratings import COUNT, SIDE

WORKING_SIZE = 128
"""Side of the square on which a mark is made and read, in pixels, whatever the photo's size."""
STRIDE = SIDE // 2
CELLS = WORKING_SIZE // STRIDE
"""Windows a side; each holds every grating."""
AMPLITUDES = COUNT * CELLS * CELLS
"""How many gratings there are in all."""
WIDTHS = (24, 40)
"""Channels of the small net at a half and at a quarter of the working size."""


def spread(slots: int, seed: int) -> Tensor:
    """How slots are spread over gratings before anything is learned, (AMPLITUDES, slots): random signs.

    Every slot touches every grating, so that no part of a photo alone carries a bit.
    """
    random = torch.Generator().manual_seed(seed)
    signs: Tensor = torch.randint(0, 2, (AMPLITUDES, slots), generator=random) * 2.0 - 1
    return signs / math.sqrt(AMPLITUDES)


class Stage(nn.Module):
    """A 3x3 convolution with group normalisation; each image is treated alike whatever else is in the batch."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm = nn.GroupNorm(4, outputs)

    def forward(self, features: Tensor) -> Tensor:
        found: Tensor = F.silu(self.norm(self.convolution(features)))
        return found


class HalfSize(nn.Module):
    """A U-Net of two levels that looks at pictures at half their size and answers at their full size.

    It starts by answering 0: whatever it stands beside is then what counts, until something better is learned.

    Args:
        inputs: channels of the pictures.
        outputs: channels of the answer.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        fine, coarse = WIDTHS
        self.stem = Stage(4 * inputs, fine)
        self.fine = Stage(fine, fine)
        self.down = Stage(fine, coarse, stride=2)
        self.coarse = nn.Sequential(Stage(coarse, coarse), Stage(coarse, coarse))
        self.up = Stage(coarse + fine, fine)
        self.answer = nn.Conv2d(fine, 4 * outputs, 3, 1, 1)
        nn.init.zeros_(self.answer.weight)
        nn.init.zeros_(self.answer.bias)  # type: ignore[arg-type]

    def forward(self, pictures: Tensor) -> Tensor:
        fine = self.fine(self.stem(F.pixel_unshuffle(pictures, 2)))
        coarse = self.coarse(self.down(fine))
        both = torch.cat([F.interpolate(coarse, scale_factor=2.0, mode="nearest"), fine], 1)
        return F.pixel_shuffle(self.answer(self.up(both)), 2)
