"""Photos to embeddings, in batches and in a stated precision."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unfind.images.resize import to_square
from unfind.models.encoder import Encoder
from unfind.models.precision import autocast

Pixels = NDArray[np.uint8]


def to_tensor(pixels: Pixels) -> Tensor:
    """8-bit images (N, H, W, 3) to float32 (N, 3, H, W) in [0, 1]."""
    return torch.from_numpy(np.array(pixels)).permute(0, 3, 1, 2).float().div_(255)


def embed_pixels(
    encoder: Encoder,
    images: Sequence[Pixels] | Pixels,
    *,
    batch: int = 64,
    precision: str = "fp32",
    on_progress: Callable[[int], None] | None = None,
) -> NDArray[np.float32]:
    """Embed images that already have the encoder's input size.

    Args:
        encoder: in whatever mode; it is put into evaluation mode for the call.
        images: N arrays (size, size, 3) of 8-bit RGB.
        batch: images at once; memory grows with it.
        precision: full by default, since rounding hides differences that an attacker could still see.
        on_progress: called with the number of images done so far.

    Returns:
        (N, D) float32 unit vectors; of a hash model the codes over the square root of their bits.
    """
    device = next(encoder.parameters()).device
    was_training = encoder.training
    encoder.eval()
    rows = [np.zeros((0, encoder.architecture.dimension), np.float32)]
    with torch.inference_mode(), autocast(device, precision):
        for start in range(0, len(images), batch):
            part = np.stack([np.asarray(image) for image in images[start : start + batch]])
            rows.append(encoder(to_tensor(part).to(device)).float().cpu().numpy())
            if on_progress is not None:
                on_progress(min(start + batch, len(images)))
    encoder.train(was_training)
    return np.concatenate(rows)


class Embedder:
    """Photos of any size to embeddings, for a gallery: resizes them the one way a model sees photos.

    Attributes:
        fingerprint: names the model, so that an index can refuse vectors of another one.
        dimension: length of an embedding.
    """

    def __init__(self, encoder: Encoder, fingerprint: str, *, precision: str = "fp32") -> None:
        self.encoder = encoder
        self.fingerprint = fingerprint
        self.dimension = encoder.architecture.dimension
        self.precision = precision

    def __call__(self, images: Sequence[Pixels]) -> NDArray[np.float32]:
        size = self.encoder.architecture.size
        return embed_pixels(self.encoder, [to_square(image, size) for image in images], precision=self.precision)
