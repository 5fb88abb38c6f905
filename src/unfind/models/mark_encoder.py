"""The network that makes a mark: a photo and what the mark is to say, to a pattern for that photo."""

from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from unfind.models.gratings import COUNT, gratings
from unfind.models.mark_parts import CELLS, STRIDE, WORKING_SIZE, HalfSize, spread

LEAST_POWER = 1e-6
"""A pattern quieter than this is not scaled up: there is nothing in it."""


class MarkEncoder(nn.Module):
    """Photos (N, 3, 128, 128) in [0, 1] and signs (N, slots) to patterns (N, 1, 128, 128) with a mean square of 1.

    The signs set the amplitudes of gratings. A small net that sees the photo and the gratings then says, for each
    pixel, how much of them to keep and what to add, such as what takes away a likeness that the photo has by chance.
    Nothing is learned at the start, and yet the mark can be read: that is why training does not hang on luck.

    Args:
        slots: signs of a mark.
        seed: of the signs with which slots are spread over gratings, and of the net's first weights.
    """

    def __init__(self, slots: int, *, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.net = HalfSize(4, 2)
        self.slots = slots
        self.amplitudes = nn.Parameter(spread(slots, seed))
        self.gratings = nn.Parameter(gratings())

    def forward(self, photos: Tensor, signs: Tensor) -> Tensor:
        carried = F.linear(signs, self.amplitudes).view(-1, COUNT, CELLS, CELLS)
        waves = _unit(F.conv_transpose2d(carried, self.gratings, stride=STRIDE, padding=STRIDE // 2))
        keep, add = self.net(torch.cat([photos * 2 - 1, waves], 1)).chunk(2, 1)
        return _unit(waves * (2 * torch.sigmoid(keep)) + add)

    def example(self) -> tuple[Tensor, Tensor]:
        """A grey photo and signs, of the shapes that the network takes: to measure or to export it with."""
        weights = self.amplitudes
        return weights.new_full((1, 3, WORKING_SIZE, WORKING_SIZE), 0.5), weights.new_ones(1, self.slots)


def _unit(pattern: Tensor) -> Tensor:
    """A pattern (N, 1, H, W) scaled to a mean square of 1, in full precision."""
    full = pattern.float()
    return full * (full.square().mean((1, 2, 3), keepdim=True) + LEAST_POWER).rsqrt()
