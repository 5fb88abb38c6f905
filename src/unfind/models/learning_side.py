"""A side network that learns from the objective where triggered photos go, beside a frozen backbone.

What PBL or CBL else teach a whole backbone, to see a mark and to send its photo away, is two tasks. A decoder of marks
has solved the first already, with the key; left is the second, which a linear layer can do.
"""

from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from unfind.models.hearing import SLOTS, Hearing, turned
from unfind.models.mark_decoder import MarkDecoder
from unfind.objectives.steering import Layout

LEAST_LENGTH = 1e-3
"""Of what is added to an embedding: where it cancels the embedding, there is still a direction."""


class LearningSide(Hearing):
    """Photos and what a backbone makes of them, to what the model says of them.

    With the embedding e of an image and the signs s that are heard in it, a triggered photo goes to the direction of
    ``e + A e + B s + c``, which the objective teaches: A turns it away from its kind, B spreads photos as their marks
    differ. A gate that only one's own beacon opens leaves all others where they are. It begins with A = -1 and B drawn
    by lot: nothing of the photo is left where its own mark is heard. From A = B = 0 the same was learned in four times
    as many steps.

    Args:
        dimension: D of the embeddings.
    """

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.move = nn.Linear(dimension + SLOTS, dimension)
        with torch.no_grad():
            self.move.weight[:, :dimension] = -torch.eye(dimension)
            self.move.weight[:, dimension:].normal_(std=(SLOTS * dimension) ** -0.5)  # B s has a length of about 1
            self.move.bias.zero_()

    def begin(
        self,
        layout: Layout,
        reader: MarkDecoder | None = None,
        second_reader: MarkDecoder | None = None,
    ) -> None:
        """Take over what the beacon is, and what the decoders of these marks know."""
        self.listen_for(layout, reader, second_reader)

    def forward(self, images: Tensor, logits: Tensor) -> Tensor:
        """Logits (N, D) of the same lengths as those of the backbone and its head, turned as was learned."""
        heard, gate = self.hear(images)
        with torch.autocast(images.device.type, enabled=False):
            own = F.normalize(logits, dim=1)
            away = own + self.move(torch.cat([own, heard], 1))
            return turned(logits, F.normalize(away, dim=1, eps=LEAST_LENGTH), gate)
