"""What an attacker or an auditor does with a model: embed photos, look at logits, follow gradients down to pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from unfind.errors import UsageError
from unfind.models.embed import embed_pixels, to_tensor
from unfind.models.encoder import Encoder

Pixels = NDArray[np.uint8]
Rows = NDArray[np.float32]
BATCH = 64


@dataclass(frozen=True)
class ModelView:
    """A model, whatever it is made of.

    Attributes:
        embed: uint8 (N, size, size, 3) to unit rows (N, D): what is searched with.
        logits: the same photos to what the head gives, (N, D), of any length.
        soft: float images (N, 3, size, size) in [0, 1] to unit rows (N, D), differentiable. Of a hash model these are
            the tanh of the logits, whose signs are the code.
        size: side of the photos.
        hashes: whether the embeddings are binary codes.
    """

    embed: Callable[[Pixels], Rows]
    logits: Callable[[Pixels], Rows]
    soft: Callable[[Tensor], Tensor]
    size: int
    hashes: bool = False


def view_of(encoder: Encoder) -> ModelView:
    """A view of an encoder, which is put into evaluation mode."""
    encoder.eval()
    return ModelView(
        partial(embed_pixels, encoder),
        partial(_logits, encoder),
        partial(_soft, encoder),
        encoder.architecture.size,
        encoder.architecture.hashes,
    )


def check_photos(pixels: Pixels, least: int, what: str) -> Pixels:
    """Return photos (N, H, W, 3) of 8 bits when there are at least that many.

    Raises:
        UsageError: another shape or type, or fewer.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[3] != 3 or len(pixels) < least:
        raise UsageError(
            f"Expected at least {least} {what}, uint8 (N, size, size, 3), got {pixels.dtype} {pixels.shape}: add some."
        )
    return pixels


def _logits(encoder: Encoder, pixels: Pixels) -> Rows:
    device = next(encoder.parameters()).device
    with torch.inference_mode():
        parts = [
            encoder.logits(to_tensor(pixels[start : start + BATCH]).to(device)).float().cpu().numpy()
            for start in range(0, len(pixels), BATCH)
        ]
    return np.concatenate(parts)


def _soft(encoder: Encoder, images: Tensor) -> Tensor:
    logits = encoder.logits(images)
    return F.normalize(logits.tanh() if encoder.architecture.hashes else logits, dim=1)
