"""The carriers of the spread-spectrum mark: keyed plane waves, the same at any resolution."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from unfind.errors import UsageError
from unfind.triggers.key import Key

if TYPE_CHECKING:
    from torch import Tensor

CARRIERS = 24
"""Enough for a false alarm below 1e-12 on a clear mark; few enough that each is loud."""
LOWEST, HIGHEST = 24, 42
"""Cycles across the image: wavelengths of 3 to 5 pixels at a 128-pixel encoder input. Measured by how well the
features of a pretrained net tell marked photos from plain ones, this ring is the loudest at equal visibility; coarser
waves hide in natural texture, finer ones are lost when a photo is made smaller."""


@dataclass(frozen=True)
class Carriers:
    """Plane waves ``cos(2 pi (u x + v y) + phase)`` with x, y in [0, 1] across the image.

    Attributes:
        frequencies: (M, 2) whole cycles (u, v) across the image's width and height.
        phases: (M,) radians, drawn from the key and from nothing else: whatever a photo shows, its spectrum
            knows nothing of them. Verification rests on that.
    """

    frequencies: NDArray[np.int64]
    phases: NDArray[np.float64]

    def pattern(self, height: int, width: int) -> Tensor:
        """The sum of all carriers (height, width), float32, with a mean square of 1."""
        import torch  # a second, which photos from files do without

        down, across = self.factors(height, width)
        return torch.from_numpy(down) @ torch.from_numpy(across).T

    def factors(self, height: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Two thin matrices (height, 2M) and (width, 2M) of which the first times the second turned is the pattern.

        So cost is M per pixel, and no wave is ever held at full size.
        """
        loudness = math.sqrt(2 / len(self.phases))
        turned = self._waves(height, 1) * (loudness * np.exp(1j * self.phases)).astype(np.complex64)
        across = self._waves(width, 0)
        return np.concatenate([turned.real, -turned.imag], 1), np.concatenate([across.real, across.imag], 1)

    def spectrum(self, image: NDArray[np.float32]) -> NDArray[np.complex64]:
        """The image's (H, W) complex component at each carrier's frequency, (M,), phases not removed."""
        down, across = self._waves(image.shape[0], 1).conj(), self._waves(image.shape[1], 0).conj()
        found: NDArray[np.complex64] = ((image.astype(np.complex64) @ across) * down).sum(0)
        return found

    def _waves(self, size: int, axis: int) -> NDArray[np.complex64]:
        """exp(2 pi i f t) at the pixel centres of one axis, (size, M)."""
        centres = (np.arange(size) + 0.5) / size
        turns = np.outer(centres, self.frequencies[:, axis])
        waves: NDArray[np.complex64] = np.exp(2j * np.pi * turns).astype(np.complex64)
        return waves


def draw_carriers(key: Key, *, count: int, lowest: int, highest: int) -> Carriers:
    """Draw distinct frequencies from a ring and a phase for each.

    Args:
        key: the secret.
        count: how many carriers.
        lowest, highest: radius of the ring in cycles across the image.

    Raises:
        UsageError: the ring holds fewer frequencies than that.
    """
    reach = np.arange(-highest, highest + 1)
    u, v = np.meshgrid(reach, reach)
    radius = np.hypot(u, v)
    # One half of the plane: a real image has the other half mirrored.
    ring = (radius >= lowest) & (radius <= highest) & ((v > 0) | ((v == 0) & (u > 0)))
    candidates = np.stack([u[ring], v[ring]], axis=1)
    if not 0 < count <= len(candidates):
        raise UsageError(
            f"Expected 1 to {len(candidates)} carriers in a ring of {lowest}..{highest}, got {count}: widen it."
        )
    lots = key.numbers("spread-spectrum frequencies", len(candidates))
    chosen = np.argsort(lots, kind="stable")[:count]
    return Carriers(candidates[chosen], 2 * np.pi * key.numbers("spread-spectrum phases", count))
