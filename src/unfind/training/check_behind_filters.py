"""How well a decoder reads marks behind each filter, in photos that were not learned from."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from unfind.models.embed import to_tensor
from unfind.models.mark_decoder import MarkDecoder
from unfind.models.mark_weights import Mark
from unfind.training.filtered_batches import FILTERS, marked_pixels
from unfind.training.mark_loss import share_read

STRENGTH = 0.5
"""Of a mark on a thumbnail, where nobody asks for another."""
SEED = 30_000
"""Of the signs: the same in every check, so that decoders can be compared."""


def check_behind_filters(mark: Mark, decoder: MarkDecoder, pixels: NDArray[np.uint8]) -> dict[str, float]:
    """The share of bits that a decoder reads behind each of FILTERS, 0..1.

    Args:
        mark: its encoder writes.
        decoder: reads.
        pixels: uint8 (N, 128, 128, 3).
    """
    random = np.random.default_rng(SEED)
    signs = torch.from_numpy(random.choice(np.array([-1, 1], np.float32), (len(pixels), mark.encoder.slots)))
    marked = marked_pixels(mark, pixels, signs, STRENGTH)
    found = {}
    for name, (image_filter, _) in FILTERS.items():
        seen = marked if image_filter is None else np.stack([image_filter(photo) for photo in marked])
        with torch.inference_mode():
            evidence, _ = decoder(to_tensor(seen))
        found[name] = round(share_read(evidence, signs), 4)
    return found
