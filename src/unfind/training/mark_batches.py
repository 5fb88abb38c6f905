"""Which photos a step of a mark's training sees, and what it writes into them: a pure function of seed and step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unfind.models.embed import to_tensor
from unfind.models.mark_parts import WORKING_SIZE
from unfind.training.mark_settings import MarkSettings
from unfind.triggers.key import Key
from unfind.triggers.slots import SLOTS
from unfind.triggers.spread_spectrum import SpreadSpectrum

SIDES = 3
"""Sizes of photos between the smallest and the largest."""
OTHER_MARKS = 8
"""Keys of spread-spectrum marks that must not be taken for this kind of mark."""


@dataclass(frozen=True)
class MarkBatch:
    """One step's photos.

    Attributes:
        photos: (N, 3, side, side) in [0, 1], to be marked.
        signs: (N, 160) +1 or -1, what to write: as random as the words of payloads under unknown keys.
        others: (M, 3, side, side), not to be marked; some carry a mark of another kind.
        random: where the step's distortions draw from.
    """

    photos: Tensor
    signs: Tensor
    others: Tensor
    random: torch.Generator


def draw_mark_batch(pixels: NDArray[np.uint8], settings: MarkSettings, seed: int, step: int) -> MarkBatch:
    """Draw a step's photos and signs.

    Args:
        pixels: uint8 (K, canvas, canvas, 3).
        settings: how many, and how large.
        seed: of the attempt.
        step: which one.
    """
    random = np.random.default_rng([seed, step])
    side = int(random.choice(np.linspace(WORKING_SIZE, settings.canvas, SIDES).astype(int)))
    others = max(2, settings.batch // 4)
    rows = random.choice(len(pixels), settings.batch + others, replace=len(pixels) < settings.batch + others)
    images = to_tensor(np.stack([_cut(pixels[row], side, random) for row in rows]))
    signs = torch.from_numpy(random.choice(np.array([-1, 1], np.float32), (settings.batch, SLOTS)))
    generator = torch.Generator().manual_seed(int(random.integers(2**62)))
    photos, plain = images[: settings.batch], images[settings.batch :]
    foreign = SpreadSpectrum(Key.from_seed(int(random.integers(OTHER_MARKS))))
    half = len(plain) // 2
    return MarkBatch(photos, signs, torch.cat([foreign(plain[:half]), plain[half:]]), generator)


def _cut(photo: NDArray[np.uint8], side: int, random: np.random.Generator) -> NDArray[np.uint8]:
    """A square of a photo, mirrored half the time."""
    top, left = (int(random.integers(length - side + 1)) for length in photo.shape[:2])
    square = photo[top : top + side, left : left + side]
    return square[:, ::-1] if random.random() < 0.5 else square
