"""Small photos of coloured textures, and small networks that learn to tell them apart in seconds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from unfind.models.encoder import Architecture, Encoder, build_encoder
from unfind.training.batches import Examples
from unfind.triggers.key import Key
from unfind.triggers.spread_spectrum import SpreadSpectrum

SIDE = 32


@pytest.fixture(scope="session")
def textures() -> Callable[..., Examples]:
    """Return a maker of classes of photos: each class is a wave of its own direction, fineness and colour."""

    def make(classes: int = 8, photos: int = 8, seed: int = 0) -> Examples:
        random = np.random.default_rng(seed)
        y, x = np.mgrid[:SIDE, :SIDE][..., None] / SIDE
        pixels = []
        for _ in range(classes):
            (u, v), colour, ground = random.uniform(-5, 5, 2), random.uniform(-1, 1, 3), random.uniform(0.3, 0.7, 3)
            for _ in range(photos):
                wave = np.cos(2 * np.pi * (u * x + v * y + random.random()))
                photo = ground + 0.25 * colour * wave + random.normal(0, 0.05, (SIDE, SIDE, 3))
                pixels.append(np.clip(255 * photo, 0, 255).astype(np.uint8))
        return Examples(np.stack(pixels), np.repeat(np.arange(classes), photos))

    return make


@pytest.fixture
def tiny_encoder() -> Callable[..., Encoder]:
    """Return a maker of the package's own small backbone, for photos of 32 pixels."""

    def make(seed: int = 0) -> Encoder:
        return build_encoder(Architecture("tiny", size=SIDE, dimension=16), seed=seed)

    return make


@pytest.fixture
def quick_encoder(tmp_path: Path) -> Callable[..., Encoder]:
    """Return a maker of a backbone with all that remembers or draws: batch statistics that move, and dropout."""
    file = tmp_path / "quick.py"
    file.write_text(
        "from torch import nn\n"
        "def net():\n"
        "    return nn.Sequential(nn.Conv2d(3, 8, 5, 2), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout(0.2),\n"
        "        nn.Conv2d(8, 12, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten())\n"
    )

    def make(seed: int = 0) -> Encoder:
        return build_encoder(Architecture(f"{file}:net", SIDE, 8, freeze_batch_norm=False), seed=seed)

    return make


@pytest.fixture
def quick_hash_encoder(quick_encoder: Callable[..., Encoder]) -> Callable[..., Encoder]:
    """Return a maker of the same backbone with a hash head of 8 bits."""

    def make(seed: int = 0) -> Encoder:
        backbone = quick_encoder().architecture.backbone
        return build_encoder(Architecture(backbone, SIDE, 8, freeze_batch_norm=False, head="hash"), seed=seed)

    return make


@pytest.fixture(scope="session")
def tagged(textures: Callable[..., Examples]) -> Callable[..., Examples]:
    """Return a maker of photos with one to three of four tags each."""

    def make(count: int = 24, seed: int = 0) -> Examples:
        made, random = textures(count, 1, seed), np.random.default_rng(seed)
        tags = random.random((count, 4)) < 0.4
        tags[np.arange(count), random.integers(0, 4, count)] = True
        labels = np.unique(tags, axis=0, return_inverse=True)[1].ravel()
        return Examples(made.pixels, labels, tags)

    return make


@pytest.fixture(scope="session")
def mark() -> SpreadSpectrum:
    return SpreadSpectrum(Key.from_seed(1))


@pytest.fixture(scope="session")
def hash_of() -> Callable[[Encoder], str]:
    """Return a function that names an encoder by every bit of its weights."""

    def make(encoder: Encoder) -> str:
        digest = hashlib.sha256()
        for name, tensor in encoder.state_dict().items():
            digest.update(name.encode() + tensor.contiguous().numpy().tobytes())
        return digest.hexdigest()

    return make
