"""The two networks of a mark with everything around them that needs no key: from 8-bit photos of any size.

This is what is exported (see ``studies/export_mark.py``), and what torch runs for whole photos, so that both do the
same. The interface of the two graphs:

    mark_encoder   photo (1, H, W, C) uint8, signs (1, 160) float32  ->  change (1, 128, 128) float32
    mark_decoder   photo (1, H, W, C) uint8                          ->  evidence (3, 160), presence (3,) float32

The photo is RGB, or RGBA as a browser's canvas gives it (C = 3 or 4; what comes after RGB is not looked at). The change
is that of strength 1, in units of the colours' whole range; multiplied with the strength and enlarged to the photo
(``apply_change``) it is added to all three colours. The decoder looks three times: at the photo as it is, and with the
margins put back that a crop of 5 or 10 % took. Evidence is above 0 for a plus, presence is a logit.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from unfind.models.mark_decoder import MarkDecoder
from unfind.models.mark_encoder import MarkEncoder
from unfind.models.mark_parts import WORKING_SIZE
from unfind.triggers.lay_on import change_of
from unfind.triggers.read_mark import CROPS


class MarkWriter(nn.Module):
    """A photo and signs to the change that marks it."""

    def __init__(self, encoder: MarkEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, photo: Tensor, signs: Tensor) -> Tensor:
        view = _squashed(_colours(photo), WORKING_SIZE)
        return change_of(view, self.encoder(view, signs))[:, 0]


class MarkReader(nn.Module):
    """A photo to what is heard in it, look by look."""

    def __init__(self, decoder: MarkDecoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, photo: Tensor) -> tuple[Tensor, Tensor]:
        looks: tuple[Tensor, Tensor] = self.decoder(torch.cat(list(self.views(photo))))
        return looks

    def views(self, photo: Tensor) -> Iterator[Tensor]:
        """The photo as it is, then with the margins put back that a crop may have taken away, (1, 3, 128, 128) each."""
        colours = _colours(photo)
        for share in CROPS:
            side = round(WORKING_SIZE * (1 - share))
            before = (WORKING_SIZE - side) // 2
            after = WORKING_SIZE - side - before
            yield F.pad(_squashed(colours, side), (before, after, before, after), mode="replicate")


def _colours(photo: Tensor) -> Tensor:
    return photo[..., :3].permute(0, 3, 1, 2).float() / 255


def _squashed(images: Tensor, side: int) -> Tensor:
    return F.interpolate(images, (side, side), mode="bilinear", antialias=True, align_corners=False)
