"""Pictures that nobody took: leaves, gradients and plain areas, without a licence to heed.

They hold what photographs seldom do and marks must cope with: skies without a grain, hard edges, one colour.
Overlapping discs of sizes that follow a power law have the statistics of natural images
("dead leaves", Ruderman, 1997).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unfind.errors import UsageError

LEAVES = 160
KINDS = 4


def generated_pictures(count: int, size: int, *, seed: int = 0) -> NDArray[np.uint8]:
    """Make pictures, uint8 (count, size, size, 3); the same for the same seed, and each whatever the count.

    Args:
        count: how many.
        size: side in pixels, at least 8.
        seed: of all of them.

    Raises:
        UsageError: a negative count or too small a size.
    """
    if count < 0 or size < 8:
        raise UsageError(f"Expected a count of 0 or more and a size of 8 or more, got {count} and {size}.")
    pictures = [_picture(size, np.random.default_rng([seed, number]), number % KINDS) for number in range(count)]
    return np.stack(pictures) if pictures else np.zeros((0, size, size, 3), np.uint8)


def _picture(size: int, random: np.random.Generator, kind: int) -> NDArray[np.uint8]:
    """Leaves, a gradient, leaves on a gradient with grain, or one colour with a little grain."""
    picture = _gradient(size, random) if kind in (1, 2) else np.broadcast_to(random.random(3), (size, size, 3)).copy()
    if kind in (0, 2):
        picture = _with_leaves(picture, random)
    grain = random.normal(0, (0.01, 0.0, 0.03, 0.004)[kind], (size, size, 1))
    return np.clip(np.rint(255 * (picture + grain)), 0, 255).astype(np.uint8)


def _gradient(size: int, random: np.random.Generator) -> NDArray[np.float64]:
    angle, (first, last) = random.uniform(0, 2 * np.pi), random.random((2, 3))
    y, x = np.mgrid[:size, :size] / (size - 1) - 0.5
    place = np.clip(0.5 + (x * np.cos(angle) + y * np.sin(angle)) / 1.2, 0, 1)[..., None]
    blended: NDArray[np.float64] = first + (last - first) * place
    return blended


def _with_leaves(picture: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    size = len(picture)
    y, x = np.mgrid[:size, :size]
    # The number of discs of a radius falls with its cube: no scale stands out.
    radii = size * 0.02 / np.sqrt(1 - random.random(LEAVES) * (1 - 0.02**2 / 0.4**2))
    for radius, (row, column), colour in zip(
        radii, size * random.random((LEAVES, 2)), random.random((LEAVES, 3)), strict=True
    ):
        picture[(y - row) ** 2 + (x - column) ** 2 <= radius**2] = colour
    return picture
