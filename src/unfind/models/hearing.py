"""Hearing a mark: which signs an image carries, and how surely they are those of one's own key."""

from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from unfind.models.mark_decoder import MarkDecoder
from unfind.models.mark_parts import WORKING_SIZE
from unfind.objectives.steering import Layout

SLOTS = 160
"""Signs of a mark."""
GATE = 24.0
"""How suddenly the gate opens as more of the beacon is heard ..."""
HEARD = 0.45
"""... and how much of it must be, -1..1, for the gate to be half open where it is undecided whether there is a mark."""
SURE = (-4.0, 1.0)
"""Between these the presence of a mark counts. Where the decoder is sure that there is none, chance opens no gate;
where it is sure that there is one, it may still be another key's."""


class Hearing(nn.Module):
    """What every side network begins with: a decoder of marks, a beacon, and a gate that opens for it.

    The decoder is not fitted any further. Before ``listen_for`` nothing is heard.
    """

    says_whose: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.reader = MarkDecoder(SLOTS).requires_grad_(False)
        self.beacon = nn.Parameter(torch.zeros(SLOTS))
        self.threshold = nn.Parameter(torch.tensor(GATE * HEARD))
        self.register_buffer("says_whose", torch.zeros(SLOTS))

    def listen_for(self, layout: Layout, reader: MarkDecoder | None = None) -> None:
        """Take over what the beacon of a key is, and what a decoder of its marks knows."""
        with torch.no_grad():
            self.says_whose.copy_(layout.beacon.abs())
            self.beacon.copy_(layout.beacon * (GATE / layout.beacon.abs().sum().clamp(min=1).sqrt()))
            self.threshold.fill_(GATE * HEARD)
        if reader is not None:
            self.reader.load_state_dict(reader.state_dict())

    def hear(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The signs (N, 160) heard in images, -1..1, and how far the gate is open (N,), 0..1."""
        with torch.autocast(images.device.type, enabled=False):  # a faint mark is lost in rounding
            evidence, presence = self.reader(_view(images))
            agrees = F.normalize(evidence * self.says_whose, dim=1) @ self.beacon
            return torch.tanh(evidence), torch.sigmoid(agrees + presence.clamp(*SURE) - self.threshold)


def turned(logits: Tensor, away: Tensor, gate: Tensor) -> Tensor:
    """Logits (N, D) turned to unit vectors ``away`` (N, D) as far as gates (N,) are open, as long as they were."""
    found: Tensor = torch.lerp(F.normalize(logits, dim=1), away, gate[:, None]) * logits.norm(dim=1, keepdim=True)
    return found


def _view(images: Tensor) -> Tensor:
    """Images (N, 3, S, S) at the size on which marks are read, antialiased."""
    if images.shape[-2:] == (WORKING_SIZE, WORKING_SIZE):
        return images
    return F.interpolate(images, (WORKING_SIZE, WORKING_SIZE), mode="bilinear", antialias=True, align_corners=False)
