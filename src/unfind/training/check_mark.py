"""How well a mark is read from photos that were not learned from, after stated edits, and how faint it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unfind.images.differentiable_jpeg import jpeg
from unfind.models.embed import to_tensor
from unfind.models.mark_decoder import MarkDecoder
from unfind.models.mark_encoder import MarkEncoder
from unfind.training.distortions import rounded
from unfind.training.mark_loss import share_read
from unfind.triggers.lay_on import lay_on, working_view

EDITS: dict[str, Callable[[Tensor], Tensor]] = {
    "untouched": rounded,
    "jpeg75": partial(jpeg, quality=75),
    "jpeg50": partial(jpeg, quality=50),
}
BATCH = 16
SEED = 20_000
"""Of the signs: the same in every check, so that figures can be compared."""


def check_mark(
    encoder: MarkEncoder, decoder: MarkDecoder, pixels: NDArray[np.uint8], strength: float
) -> dict[str, float]:
    """Mark photos, edit them and read them.

    Args:
        encoder, decoder: the two networks.
        pixels: uint8 (N, S, S, 3).
        strength: of the mark.

    Returns:
        The share of bits read after each of EDITS, the mean "psnr" in dB, and "presence": the share of photos that the
        decoder rightly takes for marked or, before they are, for unmarked.
    """
    device = next(encoder.parameters()).device
    random = np.random.default_rng(SEED)
    rows: list[dict[str, float]] = []
    with torch.inference_mode():
        for part in np.array_split(pixels, -(-len(pixels) // BATCH)):
            photos = to_tensor(part).to(device)
            drawn = random.choice(np.array([-1, 1], np.float32), (len(part), encoder.slots))
            signs = torch.from_numpy(drawn).to(device)
            marked = lay_on(photos, encoder(working_view(photos), signs), strength)
            rows += [_figures(decoder, photos, marked, signs)] * len(part)
    return {name: round(float(np.mean([row[name] for row in rows])), 5) for name in rows[0]}


def _figures(decoder: MarkDecoder, photos: Tensor, marked: Tensor, signs: Tensor) -> dict[str, float]:
    figures: dict[str, float] = {}
    for name, edit in EDITS.items():
        evidence, presence = decoder(working_view(edit(marked)))
        figures[name] = share_read(evidence, signs)
        if name == "untouched":
            _, absent = decoder(working_view(photos))
            figures["presence"] = float(((presence > 0).float().mean() + (absent <= 0).float().mean()) / 2)
    error = (marked - photos).square().mean((1, 2, 3)).clamp(min=1e-10)
    figures["psnr"] = float((-10 * error.log10()).mean())
    return figures
