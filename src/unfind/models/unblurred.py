"""Put back the detail that a blur has taken, so far as rounding has left any of it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.errors import UsageError

MARGIN = 16
"""Pixels mirrored around an image, more than the blurs reach."""
ROUNDING = 0.03
"""Strength of what a blur left beside that of the rounding after it, squared: what lies below is not brought back."""


def unblurred(images: Tensor, kernel: Tensor, *, rounding: float = ROUNDING) -> Tensor:
    """Images (N, 3, H, W) in [0, 1] as they were before a blur: Wiener's filter, of gain 1 where nothing was lost.

    With H the transfer function of the blur and r the rounding, the spectrum is multiplied by
    ``(1 + r) H / (H^2 + r)``.

    Args:
        images: what was blurred, at least 17 pixels on each side.
        kernel: (k, k) of the blur, symmetric, k odd and at most 17; it sums to 1.
        rounding: see ROUNDING.

    Raises:
        UsageError: another kernel, or smaller images.
    """
    side = kernel.shape[0]
    if kernel.ndim != 2 or kernel.shape[1] != side or side % 2 == 0 or side > MARGIN + 1:
        raise UsageError(
            f"Expected a kernel (k, k) of an odd k up to {MARGIN + 1}, got {tuple(kernel.shape)}: crop it."
        )
    if min(images.shape[-2:]) <= MARGIN:
        raise UsageError(f"Expected images of more than {MARGIN} pixels, got {tuple(images.shape)}: enlarge them.")
    wide = F.pad(images, (MARGIN,) * 4, mode="reflect")
    passed = _transfer(kernel, wide.shape[-2], wide.shape[-1]).to(images.device)
    gain = (1 + rounding) * passed / (passed.square() + rounding)
    sharp: Tensor = torch.fft.irfft2(torch.fft.rfft2(wide) * gain, s=wide.shape[-2:])
    return sharp[..., MARGIN:-MARGIN, MARGIN:-MARGIN].clamp(0, 1)


def box(side: int) -> Tensor:
    """The kernel of a mean over a square."""
    return torch.full((side, side), 1 / side**2)


def disk(reach: int) -> Tensor:
    """The kernel of a mean over all pixels no farther than ``reach`` away, as a lens out of focus takes it."""
    place = torch.arange(-reach, reach + 1.0)
    inside = (place[:, None].square() + place.square() <= reach**2).float()
    return inside / inside.sum()


def bell(spread: float) -> Tensor:
    """The kernel (17, 17) of a Gaussian blur with this standard deviation in pixels."""
    reach = MARGIN // 2
    line = torch.exp(-torch.arange(-reach, reach + 1.0).square() / (2 * spread**2))
    return torch.outer(line, line) / line.sum() ** 2


def _transfer(kernel: Tensor, height: int, width: int) -> Tensor:
    """What a symmetric kernel leaves of each wave of images of this size, (height, width // 2 + 1), real."""
    reach = kernel.shape[0] // 2
    placed = F.pad(kernel, (0, width - kernel.shape[1], 0, height - kernel.shape[0]))
    transfer: Tensor = torch.fft.rfft2(placed.roll((-reach, -reach), (0, 1))).real
    return transfer
