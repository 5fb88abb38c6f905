"""Small encoders, pictures of random pixels, and backbones written into files."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from unfind.models.encoder import Architecture, Encoder, build_encoder

SMALL = """
    import torch.nn as nn

    class Small(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 6, 3, 2)
            self.norm = nn.BatchNorm2d(6)

        def forward(self, images):
            return self.norm(self.conv(images)).relu().mean((2, 3))

    def load():
        return Small()
"""


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.fixture
def own(tmp_path: Path) -> Callable[..., str]:
    """Write a backbone file and return its spec; without text, a convolution with batch normalisation."""

    def write(text: str = SMALL, *, name: str = "net.py", function: str = "load") -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return f"{path}:{function}"

    return write


@pytest.fixture
def encoder() -> Callable[..., Encoder]:
    def build(backbone: str = "tiny", *, size: int = 32, dimension: int = 8, seed: int = 0, **more: Any) -> Encoder:
        return build_encoder(Architecture(backbone=backbone, size=size, dimension=dimension, **more), seed=seed)

    return build


@pytest.fixture
def pictures() -> Callable[..., np.ndarray]:
    """Random pictures, uint8 (N, height, width, 3)."""

    def make(count: int = 5, height: int = 32, width: int = 32, *, seed: int = 0) -> np.ndarray:
        return np.random.default_rng(seed).integers(0, 256, (count, height, width, 3), dtype=np.uint8)

    return make
