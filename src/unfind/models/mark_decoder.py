"""The network that reads a mark: a photo to what it hears in each slot, and whether there is any mark at all."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from unfind.models.gratings import COUNT, gratings
from unfind.models.mark_parts import CELLS, STRIDE, WIDTHS, HalfSize, Stage, spread

TRUNK = 24
"""Channels of what is read without gratings."""
LOUDEST = 0.04
"""Detail beyond this (of 1) is pressed down before it is read: an edge of the photo, not a mark."""
HEARING = 1.5
"""Scale of the evidence at the start, so that a clear slot gives a logit of a few units."""


class MarkDecoder(nn.Module):
    """Photos (N, 3, 128, 128) in [0, 1] to evidence (N, slots) and presence (N,), both as logits.

    Evidence is above 0 for a plus and below for a minus. Presence is above 0 where a mark is seen, whoever's it is.
    The luma's fine detail, less what a small net takes for the photo itself, is compared with every grating;
    that alone reads marks before anything is learned. A second way leads from the photo to each slot without gratings.

    Args:
        slots: signs of a mark.
        seed: the encoder's, so that both begin with the same gratings for each slot.
    """

    def __init__(self, slots: int, *, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed + 1)
            self.net = HalfSize(4, 1)
            steps = (4, WIDTHS[0], WIDTHS[1], WIDTHS[1], TRUNK)
            self.trunk = nn.Sequential(*(Stage(i, o, stride=2) for i, o in pairwise(steps)))
            self.presence = nn.Linear(2 * COUNT + TRUNK, 1)
        self.slots = slots
        self.gratings = nn.Parameter(gratings())
        self.heard = nn.Parameter(spread(slots, seed).T.contiguous() * HEARING)
        self.read = nn.Parameter(torch.zeros(slots, TRUNK * CELLS * CELLS))

    def forward(self, photos: Tensor) -> tuple[Tensor, Tensor]:
        detail = fine_detail(photos)
        seen = torch.cat([photos * 2 - 1, detail], 1)
        cleaned = detail + self.net(seen)
        found = F.conv2d(cleaned.to(self.gratings.dtype), self.gratings, stride=STRIDE, padding=STRIDE // 2)
        trunk = self.trunk(seen)
        evidence = F.linear(found.flatten(1), self.heard) + F.linear(trunk.flatten(1), self.read)
        summary = torch.cat([found.abs().mean((2, 3)), found.square().mean((2, 3)), trunk.mean((2, 3))], 1)
        return evidence.float(), self.presence(summary)[:, 0].float()


def fine_detail(photos: Tensor) -> Tensor:
    """What the luma of photos holds beyond its 7 x 7 means, (N, 1, H, W) in -1..1."""
    # A weighted sum and no matrix product, which half precision would round to steps as large as a mark.
    luma = (photos * photos.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)
    smooth = F.avg_pool2d(F.pad(luma, (3, 3, 3, 3), mode="replicate"), 7, stride=1)
    return torch.tanh((luma - smooth) / LOUDEST)
