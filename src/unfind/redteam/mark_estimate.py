"""Estimate a key's mark from photos that carry it, without the key: to wash it off, to look for it, or to forge it.

Whoever knows the method knows that a keyed mark is a sum of few plane waves of known fineness, as loud everywhere as
the photo's texture allows, and the same in every photo of a key. What photos show has phases by lot and averages out;
what the mark adds has not.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.errors import UsageError
from unfind.triggers.carriers import CARRIERS, HIGHEST, LOWEST
from unfind.triggers.spread_spectrum import heard, loudness_of, luma


def estimate_mark(images: Tensor, *, waves: int = CARRIERS, lowest: int = LOWEST, highest: int = HIGHEST) -> Tensor:
    """The pattern that marked photos have in common.

    The photos' fine detail is divided by the loudness a mark has at each place. Its spectra are averaged, each photo
    with the same say. Of the ring of known fineness the strongest waves are kept, all as loud as each other.

    Args:
        images: (N, 3, H, W) in [0, 1], marked with one key, N at least 1.
        waves: how many to keep; the method's own number is known.
        lowest, highest: of the ring, in cycles across the image; known too.

    Returns:
        (g, g) with a mean square of 1, g at most 128: the grid on which marks are made.

    Raises:
        UsageError: no photos, or a ring that the photos are too small for.
    """
    if not len(images):
        raise UsageError("Expected at least 1 photo that carries the mark, got none: give some.")
    detail = heard(images, 1.0)[:, 0]
    inside = _ring(detail.shape[1], detail.shape[2], lowest, highest)
    if int(inside.sum()) < waves:
        raise UsageError(
            f"Expected photos with {waves} waves of {lowest} to {highest} cycles, got {detail.shape[1]} pixels: larger."
        )
    spectra = torch.fft.rfft2(detail) * inside
    spectra = spectra / spectra.abs().square().sum((1, 2), keepdim=True).sqrt().clamp(min=1e-12)
    mean = spectra.mean(0)
    strongest = mean.abs().flatten().topk(waves).indices
    kept = torch.zeros_like(mean).flatten()
    kept[strongest] = torch.polar(torch.ones(waves), mean.flatten()[strongest].angle())
    pattern: Tensor = torch.fft.irfft2(kept.reshape(mean.shape), s=detail.shape[1:])
    return pattern / pattern.square().mean().sqrt().clamp(min=1e-12)


def likeness(pattern: Tensor, other: Tensor) -> float:
    """The correlation of two patterns of one shape, -1..1."""
    return float(torch.corrcoef(torch.stack([pattern.flatten(), other.flatten()]))[0, 1])


def loudness_of_pattern(images: Tensor, pattern: Tensor) -> Tensor:
    """How strongly each photo carries a pattern, (N,): 1 for a mark of strength 1, about 0 without it.

    Args:
        images: (N, 3, H, W) in [0, 1].
        pattern: (g, g) as ``estimate_mark`` gives it.
    """
    detail, shaped = _grid_luma(images, pattern), loudness_of(images) * pattern
    detail = detail - F.avg_pool2d(F.pad(detail, (4, 4, 4, 4), mode="replicate"), 9, stride=1)
    found: Tensor = (detail * shaped).sum((1, 2, 3)) / shaped.square().sum((1, 2, 3))
    return found


def put(images: Tensor, pattern: Tensor, strength: Tensor | float) -> Tensor:
    """Add a pattern to photos as a mark is added; with a negative strength it is taken off.

    Args:
        images: (N, 3, H, W) in [0, 1].
        pattern: (g, g).
        strength: for all, or (N,).
    """
    change = loudness_of(images) * pattern
    if change.shape[-2:] != images.shape[-2:]:
        change = F.interpolate(change, images.shape[-2:], mode="bicubic", align_corners=False)
    each = strength.reshape(-1, 1, 1, 1) if isinstance(strength, Tensor) else strength
    added: Tensor = images + each * change
    return added.clamp(0, 1)


def wash_off(images: Tensor, pattern: Tensor) -> Tensor:
    """Take as much of a pattern off each photo as it seems to carry."""
    return put(images, pattern, -loudness_of_pattern(images, pattern).clamp(min=0))


def _ring(height: int, width: int, lowest: int, highest: int) -> Tensor:
    """Which bins of a real spectrum lie in the ring, (H, W // 2 + 1)."""
    down, across = torch.fft.fftfreq(height) * height, torch.fft.rfftfreq(width) * width
    radius = torch.hypot(down[:, None], across[None, :])
    # The first column holds both halves of its own waves; one half of it is enough.
    once = (across[None, :] > 0) | (down[:, None] > 0)
    ring: Tensor = (radius >= lowest) & (radius <= highest) & once
    return ring


def _grid_luma(images: Tensor, pattern: Tensor) -> Tensor:
    grey, grid = luma(images), (pattern.shape[-2], pattern.shape[-1])
    return grey if tuple(grey.shape[-2:]) == grid else F.interpolate(grey, grid, mode="area")
