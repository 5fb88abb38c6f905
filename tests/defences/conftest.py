"""A protected-looking encoder, photos of coloured waves, and a name for all its weights."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import pytest

from unfind.defences.base import CleanPhotos
from unfind.models.encoder import Architecture, Encoder, build_encoder

SIDE = 32


@pytest.fixture(scope="session")
def photos(wave: Callable[[int, int], np.ndarray]) -> CleanPhotos:
    """Six classes of four photos, 32 pixels."""
    labels = np.repeat(np.arange(6), 4)
    pixels = np.stack([wave(int(label), number)[::2, ::2] for number, label in enumerate(labels)])
    return CleanPhotos(pixels, labels)


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """Not to be changed: that defences leave it alone is what several tests look at."""
    return build_encoder(Architecture("tiny", size=SIDE, dimension=8), seed=0).eval()


@pytest.fixture(scope="session")
def weights_of() -> Callable[[Encoder], str]:
    def digest(encoder: Encoder) -> str:
        found = hashlib.sha256()
        for name, tensor in encoder.state_dict().items():
            found.update(name.encode() + tensor.contiguous().numpy().tobytes())
        return found.hexdigest()

    return digest


@pytest.fixture(scope="session")
def picture() -> np.ndarray:
    """Smooth colour, an edge and some noise, uint8 (40, 56, 3)."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[:40, :56][..., None]
    ground = 90 + 40 * np.sin(x / 9 + np.arange(3)) + 50 * (y > 20)
    return np.clip(ground + random.normal(0, 8, (40, 56, 3)), 0, 255).astype(np.uint8)
