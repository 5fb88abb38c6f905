"""Pictures with texture, a key, and the two measures that all tests of this room need."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from unfind.triggers.key import Key

Pixels = NDArray[np.uint8]


@pytest.fixture(scope="session")
def scene() -> Callable[..., Pixels]:
    """Return a maker of pictures with detail at every scale, as photos have: uint8 (height, width, 3)."""

    def make(height: int = 128, width: int = 128, seed: int = 0) -> Pixels:
        random = np.random.default_rng(seed)
        total = np.zeros((height, width, 3))
        for cells in (3, 6, 12, 24, 48, 96):
            grid = random.normal(size=(cells, cells, 1)) + 0.5 * random.normal(size=(cells, cells, 3))
            planes = [Image.fromarray(plane) for plane in np.moveaxis(grid, 2, 0).astype(np.float32)]
            enlarged = [np.array(plane.resize((width, height), Image.Resampling.BICUBIC)) for plane in planes]
            total += np.stack(enlarged, axis=2) / cells**0.5
        return np.clip(128 + 60 * total, 0, 255).astype(np.uint8)

    return make


@pytest.fixture(scope="session")
def key() -> Key:
    return Key.from_seed(1)


@pytest.fixture(scope="session")
def psnr() -> Callable[[Pixels, Pixels], float]:
    """Return the peak signal-to-noise ratio of two uint8 pictures, in dB."""

    def measure(one: Pixels, other: Pixels) -> float:
        error = float(np.mean((one.astype(np.float64) - other) ** 2))
        return float("inf") if error == 0 else 10 * float(np.log10(255**2 / error))

    return measure
