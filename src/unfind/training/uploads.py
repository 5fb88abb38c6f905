"""What uploads do to photos before a model sees them: JPEG of any quality, and fewer pixels."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unfind.images.codec import through_codec
from unfind.images.resize import scale, to_square
from unfind.models.embed import to_tensor

QUALITIES: tuple[int | None, ...] = (None, 50, 60, 75, 85, 95)
"""What uploads do to photos; None stands for an upload that is kept as it is."""
SHRUNKEN = 0.5
"""Share of uploads that are made smaller, where any are: the others keep every detail that a mark can lie in."""


def uploaded(images: Tensor, random: np.random.Generator, smallest: float = 1.0) -> Tensor:
    """Images as they come out of an upload: rounded to 8 bits, JPEG-coded and made smaller at random, each by itself.

    Args:
        images: (N, 3, size, size) in [0, 1].
        random: says how.
        smallest: half of the images are scaled to a random share of their sides from this to 1, after JPEG, and then
            to what a model sees; 1 leaves all their size.
    """
    pixels = (images * 255).round_().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
    qualities = [QUALITIES[i] for i in random.integers(len(QUALITIES), size=len(pixels))]
    written = through_codec(list(pixels), quality=qualities)
    if smallest < 1:
        shares = np.where(random.random(len(written)) < SHRUNKEN, random.uniform(smallest, 1, len(written)), 1)
        written = [_shrunken(one, share) for one, share in zip(written, shares.tolist(), strict=True)]
    return to_tensor(np.stack(written))


def _shrunken(pixels: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
    return pixels if share == 1 else to_square(scale(pixels, share), len(pixels))
