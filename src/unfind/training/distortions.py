"""What happens to a marked photo before it is read, as differentiable functions whose randomness is handed in.

A step of training must be the same when it is repeated, so no function here draws from a global generator; that, and
that each is a few lines, is why no augmentation library is used. All take images (N, 3, H, W) in [0, 1] and a severity
0..1 that scales how far they go; 0 leaves images as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.images.differentiable_jpeg import jpeg

Distortion = Callable[[Tensor, torch.Generator, float], Tensor]

WORST_QUALITY, BEST_QUALITY = 50, 95
SMALLEST, LARGEST = 0.5, 1.5
MOST_CROPPED = 0.02
"""Share of each side. Larger crops are undone by whoever reads, who tries a few; this is what is left then."""
MOST_BLUR = 1.0
"""Standard deviation in pixels."""
MOST_NOISE = 0.03
MOST_BRIGHTNESS, MOST_CONTRAST, MOST_HUE, MOST_SATURATION = 0.15, 0.3, 0.1, 0.5
"""Added; relative; of half a turn; relative."""


def distorted(images: Tensor, random: torch.Generator, severity: float) -> Tensor:
    """Images through a random chain of edits, each of them used half the time, and then 8-bit values.

    All images of the call share one chain; call it for a few images at a time.
    """
    for edit in (colour_shifted, cropped, resized, blurred, noisy, compressed):
        if severity > 0 and uniform(random) < 0.5:
            images = edit(images, random, severity)
    return rounded(images)


def uniform(random: torch.Generator, least: float = 0.0, most: float = 1.0) -> float:
    """One number, uniform between two others."""
    return least + (most - least) * float(torch.rand((), generator=random))


def rounded(images: Tensor) -> Tensor:
    """Images as 8 bits hold them, with the gradient of the identity."""
    return images + ((images * 255).round() / 255 - images).detach()


def compressed(images: Tensor, random: torch.Generator, severity: float) -> Tensor:
    """Through JPEG, of quality 95 down to 50."""
    worst = BEST_QUALITY - severity * (BEST_QUALITY - WORST_QUALITY)
    return jpeg(images, round(uniform(random, worst, BEST_QUALITY)))


def resized(images: Tensor, random: torch.Generator, severity: float) -> Tensor:
    """To another size, half to one and a half of each side, antialiased."""
    factor = math.exp(severity * uniform(random, math.log(SMALLEST), math.log(LARGEST)))
    size = [max(8, round(side * factor)) for side in images.shape[-2:]]
    return F.interpolate(images, size, mode="bilinear", antialias=True, align_corners=False)


def cropped(images: Tensor, random: torch.Generator, severity: float) -> Tensor:
    """With a little cut off, more on one side than on the other."""
    height, width = images.shape[-2:]
    edges = []
    for side in (height, width):
        lost = round(side * severity * uniform(random, 0, MOST_CROPPED))
        before = round(uniform(random, 0, lost))
        edges.append((before, side - lost + before))
    (top, bottom), (left, right) = edges
    return images[..., top:bottom, left:right]


def blurred(images: Tensor, random: torch.Generator, severity: float) -> Tensor:
    """Through a Gaussian of up to one pixel."""
    deviation = severity * uniform(random, 0, MOST_BLUR)
    if deviation < 0.1:  # narrower ones leave every pixel as it is
        return images
    places = torch.arange(-3, 4, device=images.device, dtype=images.dtype)
    weights = torch.exp(-(places**2) / (2 * deviation**2))
    weights = weights / weights.sum()
    for shape, margin in (((1, 1, 1, 7), (3, 3, 0, 0)), ((1, 1, 7, 1), (0, 0, 3, 3))):
        kernel = weights.view(shape).expand(3, -1, -1, -1)
        images = F.conv2d(F.pad(images, margin, mode="replicate"), kernel, groups=3)
    return images


def noisy(images: Tensor, random: torch.Generator, severity: float) -> Tensor:
    """With Gaussian noise of its own in each value."""
    deviation = severity * uniform(random, 0, MOST_NOISE)
    drawn = torch.randn(images.shape, generator=random).to(images)
    return (images + deviation * drawn).clamp(0, 1)


def colour_shifted(images: Tensor, random: torch.Generator, severity: float) -> Tensor:
    """With other brightness, contrast, hue and saturation."""
    brightness = severity * uniform(random, -MOST_BRIGHTNESS, MOST_BRIGHTNESS)
    contrast = 1 + severity * uniform(random, -MOST_CONTRAST, MOST_CONTRAST)
    turn = math.pi * severity * uniform(random, -MOST_HUE, MOST_HUE)
    saturation = 1 + severity * uniform(random, -MOST_SATURATION, MOST_SATURATION)
    coloured = torch.einsum("ij,njhw->nihw", hue_and_saturation(turn, saturation).to(images), images)
    return ((coloured - 0.5) * contrast + 0.5 + brightness).clamp(0, 1)


_TO_YIQ = ((0.299, 0.587, 0.114), (0.595716, -0.274453, -0.321263), (0.211456, -0.522591, 0.311135))


def hue_and_saturation(turn: float, saturation: float) -> Tensor:
    """The matrix (3, 3) that turns the hue of RGB by radians and scales its saturation; grey stays as it is."""
    to_yiq = torch.tensor(_TO_YIQ, dtype=torch.float64)
    cosine, sine = saturation * math.cos(turn), saturation * math.sin(turn)
    turned = torch.tensor([[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]], dtype=torch.float64)
    matrix: Tensor = torch.linalg.inv(to_yiq) @ turned @ to_yiq
    return matrix
