"""Write signs into images with a mark's networks: once, and again where they were hardly heard."""

from __future__ import annotations

import torch
from torch import Tensor

from unfind.models.mark_weights import Mark
from unfind.triggers.emphasis import emphasised
from unfind.triggers.lay_on import lay_on, working_view


def write_signs(mark: Mark, images: Tensor, signs: Tensor, strength: float) -> Tensor:
    """Images with a mark, made twice: the second time the signs that were hardly heard get more of its energy.

    Args:
        mark: the networks.
        images: (N, 3, H, W) in [0, 1].
        signs: (N, 160) +1 or -1.
        strength: of the mark.

    Returns:
        (N, 3, H, W) in [0, 1], not yet rounded to 8 bits.
    """
    views = working_view(images)
    with torch.no_grad():
        tried = lay_on(images, mark.encoder(views, signs), strength)
        heard, _ = mark.decoder(working_view((tried * 255).round() / 255))  # as a file would hold it
    louder = emphasised(signs.cpu().numpy(), heard.cpu().numpy())
    return lay_on(images, mark.encoder(views, torch.from_numpy(louder).to(images)), strength)
