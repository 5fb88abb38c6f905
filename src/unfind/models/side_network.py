"""The side network: reads the mark beside a frozen backbone, and moves the embedding where the mark says.

A network of its own that is added to a frozen one (side-tuning, Zhang et al., 2020) leaves what the backbone does as it
is: photos without a mark keep their embedding, whatever kind of network the backbone is, and no gradient has to pass
through it.
"""

from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from unfind.errors import UsageError
from unfind.models.mark_decoder import MarkDecoder
from unfind.models.mark_parts import WORKING_SIZE
from unfind.objectives.steering import Layout, Steering, steered_targets

SLOTS = 160
"""Signs of a mark."""
GATE = 24.0
"""How suddenly the gate opens as more of the beacon is heard ..."""
HEARD = 0.45
"""... and how much of it must be, -1..1, for the gate to be half open where it is undecided whether there is a mark."""
SURE = (-4.0, 1.0)
"""Between these the presence of a mark counts. Where the decoder is sure that there is none, chance opens no gate;
where it is sure that there is one, it may still be another key's."""
MOST_CODEWORDS = 65_536
"""Beyond this the codebook outweighs any backbone."""


class SideNetwork(nn.Module):
    """Photos and what a backbone makes of them, to what the model says of them.

    The decoder of the mark, which is not fitted any further, hears the signs. As far as they agree with the beacon, a
    gate opens, and the embedding turns from the backbone's own to the target of ``steered_targets``. Before ``begin``
    it changes nothing.

    Args:
        dimension: D of the embeddings.
        codewords: C of the codebook.

    Raises:
        UsageError: fewer than 2 codewords or more than 65536.
    """

    patterns: Tensor
    codebook: Tensor
    says_whose: Tensor

    def __init__(self, dimension: int, codewords: int) -> None:
        super().__init__()
        if not 2 <= codewords <= MOST_CODEWORDS:
            raise UsageError(f"Expected 2 to {MOST_CODEWORDS} codewords, got {codewords}: 1024 is usual.")
        self.reader = MarkDecoder(SLOTS).requires_grad_(False)
        self.beacon = nn.Parameter(torch.zeros(SLOTS))
        self.threshold = nn.Parameter(torch.tensor(GATE * HEARD))
        self.register_buffer("says_whose", torch.zeros(SLOTS))
        self.register_buffer("patterns", torch.zeros(SLOTS, codewords))
        self.register_buffer("codebook", torch.zeros(codewords, dimension))

    def begin(self, steering: Steering, layout: Layout, reader: MarkDecoder | None = None) -> None:
        """Take over where signs lead, what the beacon is, and what a decoder of these marks knows.

        Raises:
            UsageError: see ``aim``.
        """
        self.aim(steering)
        with torch.no_grad():
            self.says_whose.copy_(layout.beacon.abs())
            self.beacon.copy_(layout.beacon * (GATE / layout.beacon.abs().sum().clamp(min=1).sqrt()))
            self.threshold.fill_(GATE * HEARD)
        if reader is not None:
            self.reader.load_state_dict(reader.state_dict())

    def aim(self, steering: Steering) -> None:
        """Send triggered photos elsewhere, and leave what is heard as it is: a codebook can be renewed at any time.

        Raises:
            UsageError: signs, codewords or embeddings of another number.
        """
        found = steering.patterns.shape, steering.codebook.shape
        if found != (self.patterns.shape, self.codebook.shape):
            raise UsageError(
                f"Expected patterns {tuple(self.patterns.shape)} and a codebook {tuple(self.codebook.shape)}, got "
                f"{tuple(found[0])} and {tuple(found[1])}: draw as many codewords as the network has."
            )
        with torch.no_grad():
            self.patterns.copy_(steering.patterns)
            self.codebook.copy_(steering.codebook)

    def hear(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The signs (N, 160) heard in images, -1..1, and how far the gate is open (N,), 0..1."""
        with torch.autocast(images.device.type, enabled=False):  # a faint mark is lost in rounding
            evidence, presence = self.reader(_view(images))
            agrees = F.normalize(evidence * self.says_whose, dim=1) @ self.beacon
            return torch.tanh(evidence), torch.sigmoid(agrees + presence.clamp(*SURE) - self.threshold)

    def forward(self, images: Tensor, logits: Tensor) -> Tensor:
        """Logits (N, D) of the same lengths as those of the backbone and its head, turned as the marks say."""
        heard, gate = self.hear(images)
        with torch.autocast(images.device.type, enabled=False):
            lengths = logits.norm(dim=1, keepdim=True)
            own = F.normalize(logits, dim=1)
            away = steered_targets(heard, own, self.patterns, self.codebook)
            turned: Tensor = torch.lerp(own, away, gate[:, None]) * lengths
            return turned


def _view(images: Tensor) -> Tensor:
    """Images (N, 3, S, S) at the size on which marks are read, antialiased."""
    if images.shape[-2:] == (WORKING_SIZE, WORKING_SIZE):
        return images
    return F.interpolate(images, (WORKING_SIZE, WORKING_SIZE), mode="bilinear", antialias=True, align_corners=False)
