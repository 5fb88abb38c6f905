"""Gratings: small windowed waves of several directions and wavelengths, which convolutional nets see and JPEG keeps."""

from __future__ import annotations

import math

import torch
from torch import Tensor

WAVELENGTHS = (3.7, 5.0, 7.7)
"""In pixels of the working size. At the 112 to 224 pixels of a retrieval model's input they are 3 to 13 pixels long; in
a photo of any common size they are low frequencies, which compression hardly touches."""
DIRECTIONS = 6
PHASES = 2
"""A cosine and a sine, so that a grating can stand anywhere."""
COUNT = len(WAVELENGTHS) * DIRECTIONS * PHASES
SIDE = 32
"""Of a window, in pixels; neighbouring ones overlap by half, so that no seam shows."""


def gratings() -> Tensor:
    """All gratings, (COUNT, 1, SIDE, SIDE), each with a sum of squares of 1 and a mean near 0."""
    place = torch.arange(SIDE, dtype=torch.float64) - (SIDE - 1) / 2
    down, across = place[:, None], place[None, :]
    hann = torch.cos(math.pi * place / SIDE) ** 2
    window = hann[:, None] * hann[None, :]
    waves = []
    for number, wavelength in enumerate(WAVELENGTHS):
        for direction in range(DIRECTIONS):
            # Each ring of wavelengths is turned a little against the one before, to fill the gaps between directions.
            angle = math.pi * (direction + number / len(WAVELENGTHS)) / DIRECTIONS
            way = 2 * math.pi / wavelength * (math.cos(angle) * across + math.sin(angle) * down)
            waves += [window * torch.cos(way + phase * math.pi / 2) for phase in range(PHASES)]
    stacked = torch.stack(waves)[:, None]
    return (stacked / stacked.square().sum((2, 3), keepdim=True).sqrt()).float()
