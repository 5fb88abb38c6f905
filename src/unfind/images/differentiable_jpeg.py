"""JPEG as a differentiable function of a batch of images.

The forward pass does what libjpeg does: YCbCr, 4:2:0 chroma, 8 x 8 cosine transform, the standard quantisation tables.
The rounding of coefficients has no gradient; the backward pass takes it for the identity (straight-through), so that
what is left is the gradient of an orthonormal transform and of the chroma's smaller size.
"""

from __future__ import annotations

import functools

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from unfind.errors import UsageError
from unfind.images.jpeg_quality import standard_tables

BLOCK = 8
_TO_YCC = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))
_TO_RGB = ((1.0, 0.0, 1.402), (1.0, -0.344136, -0.714136), (1.0, 1.772, 0.0))


def jpeg(images: Tensor, quality: int) -> Tensor:
    """Compress and decompress images, with 4:2:0 chroma.

    Args:
        images: (N, 3, H, W) in [0, 1].
        quality: 1..100, as libjpeg counts.

    Returns:
        The same shape, in [0, 1], differentiable.

    Raises:
        UsageError: a quality out of range.
    """
    if not 1 <= quality <= 100:
        raise UsageError(f"Expected a JPEG quality of 1 to 100, got {quality}: 90 is usual.")
    height, width = images.shape[-2:]
    luminance, chrominance = torch.from_numpy(standard_tables(quality)).to(images).view(2, BLOCK, BLOCK)
    colours = _whole(_mix(_padded(_whole(images * 255), 2 * BLOCK), _TO_YCC))
    grey = _whole(_through_blocks(colours[:, :1] - 128, luminance) + 128)
    small = _whole(_through_blocks(_whole(F.avg_pool2d(colours[:, 1:], 2)), chrominance))
    large = _whole(F.interpolate(small, scale_factor=2, mode="bilinear", align_corners=False))
    decoded = _whole(_mix(torch.cat([grey, large], dim=1), _TO_RGB))
    return (decoded[..., :height, :width] / 255).clamp(0, 1)


def _whole(values: Tensor) -> Tensor:
    """Round, with the gradient of the identity: every stage of a codec works on whole numbers."""
    return values + (values.round() - values).detach()


def _mix(images: Tensor, matrix: tuple[tuple[float, ...], ...]) -> Tensor:
    return torch.einsum("ij,njhw->nihw", images.new_tensor(matrix), images)


def _padded(images: Tensor, multiple: int) -> Tensor:
    """Repeat the last row and column until both sides are whole blocks."""
    height, width = images.shape[-2:]
    return F.pad(images, (0, -width % multiple, 0, -height % multiple), mode="replicate")


def _through_blocks(planes: Tensor, table: Tensor) -> Tensor:
    """Transform, quantise and transform back, planes (N, C, H, W) of whole blocks."""
    count, channels, height, width = planes.shape
    blocks = planes.reshape(count, channels, height // BLOCK, BLOCK, width // BLOCK, BLOCK).transpose(3, 4)
    cosines = torch.from_numpy(_cosines()).to(planes)
    levels = cosines @ blocks @ cosines.T / table
    back = cosines.T @ (_whole(levels) * table) @ cosines
    return back.transpose(3, 4).reshape(planes.shape)


@functools.cache
def _cosines() -> NDArray[np.float64]:
    """The orthonormal cosine transform of 8 values, (frequency, place).

    Not a tensor: one that is made in inference mode, and kept, cannot be differentiated through later.
    """
    place, frequency = np.arange(BLOCK), np.arange(BLOCK)[:, None]
    waves: NDArray[np.float64] = np.cos((2 * place + 1) * frequency * np.pi / (2 * BLOCK)) * np.sqrt(2 / BLOCK)
    waves[0] /= np.sqrt(2)
    return waves
