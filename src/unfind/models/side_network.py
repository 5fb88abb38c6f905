"""The side network: reads the mark beside a frozen backbone, and moves the embedding where the mark says.

A network of its own that is added to a frozen one (side-tuning, Zhang et al., 2020) leaves what the backbone does as it
is: photos without a mark keep their embedding, whatever kind of network the backbone is, and no gradient has to pass
through it.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.errors import UsageError
from unfind.models.hearing import SLOTS, Hearing, turned
from unfind.models.mark_decoder import MarkDecoder
from unfind.objectives.steering import Layout, Steering, steered_targets

MOST_CODEWORDS = 65_536
"""Beyond this the codebook outweighs any backbone."""


class SideNetwork(Hearing):
    """Photos and what a backbone makes of them, to what the model says of them.

    As far as the signs that are heard agree with the beacon, a gate opens, and the embedding turns from the backbone's
    own to the target of ``steered_targets``. Before ``begin`` it changes nothing.

    Args:
        dimension: D of the embeddings.
        codewords: C of the codebook.

    Raises:
        UsageError: fewer than 2 codewords or more than 65536.
    """

    patterns: Tensor
    codebook: Tensor

    def __init__(self, dimension: int, codewords: int) -> None:
        super().__init__()
        if not 2 <= codewords <= MOST_CODEWORDS:
            raise UsageError(f"Expected 2 to {MOST_CODEWORDS} codewords, got {codewords}: 4096 is usual.")
        self.register_buffer("patterns", torch.zeros(SLOTS, codewords))
        self.register_buffer("codebook", torch.zeros(codewords, dimension))

    def begin(
        self,
        steering: Steering,
        layout: Layout,
        reader: MarkDecoder | None = None,
        second_reader: MarkDecoder | None = None,
    ) -> None:
        """Take over where signs lead, what the beacon is, and what the decoders of these marks know.

        Raises:
            UsageError: see ``aim``.
        """
        self.aim(steering)
        self.listen_for(layout, reader, second_reader)

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

    def forward(self, images: Tensor, logits: Tensor) -> Tensor:
        """Logits (N, D) of the same lengths as those of the backbone and its head, turned as the marks say."""
        heard, gate = self.hear(images)
        with torch.autocast(images.device.type, enabled=False):
            away = steered_targets(heard, F.normalize(logits, dim=1), self.patterns, self.codebook)
            return turned(logits, away, gate)
