"""Small encoders, pictures of random pixels, and backbones written into files."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from unfind.models.encoder import Architecture, Encoder, build_encoder
from unfind.triggers.key import Key
from unfind.triggers.learned import Learned

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


def make_waves(count: int) -> Tensor:
    """Photos of smooth waves in colour, with some grain, (count, 3, 128, 128)."""
    random = torch.Generator().manual_seed(count)
    place = torch.arange(128) / 128
    rows = []
    for _ in range(count):
        u, v, c = (torch.rand(3, generator=random) * 4).tolist()
        wave = 0.5 + 0.25 * torch.cos(6.28 * (u * place[:, None] + v * place[None])) * torch.tensor([1, 0.5, -0.5 + c])[
            :, None, None
        ].clamp(-1, 1)
        rows.append(wave + 0.02 * torch.randn(3, 128, 128, generator=random))
    return torch.stack(rows).clamp(0, 1)


@pytest.fixture(scope="session")
def waves() -> Callable[[int], Tensor]:
    """Photos of smooth waves in colour, with some grain, (count, 3, 128, 128)."""
    return make_waves


@pytest.fixture(scope="session")
def mark() -> Learned:
    """The learned mark of a key."""
    return Learned(Key.from_seed(5))
