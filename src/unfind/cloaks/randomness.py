"""Random numbers that belong to an image: the same whether it is cloaked alone or among others."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor


def generator_of(image: Tensor, seed: int) -> torch.Generator:
    """A source of randomness drawn from the pixels of an image (3, H, W) and a seed."""
    pixels = image.detach().cpu().contiguous().to(torch.float32).numpy().tobytes()
    digest = hashlib.blake2b(pixels, digest_size=7, key=seed.to_bytes(8, "big")).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "big"))


def uniform(images: Tensor, seed: int) -> Tensor:
    """Numbers in -1..1 for every value of images (N, 3, H, W), image by image."""
    drawn = [torch.rand(image.shape, generator=generator_of(image, seed)) * 2 - 1 for image in images]
    return torch.stack(drawn).to(images) if drawn else torch.zeros_like(images)
