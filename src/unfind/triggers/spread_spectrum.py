"""The keyed spread-spectrum trigger: plane waves that people miss and convolutional nets see."""

from __future__ import annotations

import copy
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.errors import UsageError
from unfind.images.photo import Pixels
from unfind.triggers.base import Trigger
from unfind.triggers.carriers import CARRIERS, HIGHEST, LOWEST, Carriers, draw_carriers
from unfind.triggers.detect import detect
from unfind.triggers.detection import Detection
from unfind.triggers.key import Key
from unfind.triggers.spread_photo import CONTRAST_GRID, mark_photo
from unfind.triggers.strength import check_strength, within_limit


class SpreadSpectrum(Trigger):
    """A sum of keyed plane waves, louder where the photo is busy and quieter where it is smooth.

    Args:
        key: draws frequencies and phases.
        strength: 1 is about 32 dB PSNR on busy 128-pixel thumbnails; half of it is 6 dB fainter.
        carriers, lowest, highest: number and ring of the waves, see ``draw_carriers``.

    Raises:
        UsageError: a strength outside (0, 8] or an impossible ring.
    """

    name = "spread-spectrum"
    keyed = True

    def __init__(
        self,
        key: Key,
        *,
        strength: float = 1.0,
        carriers: int = CARRIERS,
        lowest: int = LOWEST,
        highest: int = HIGHEST,
    ) -> None:
        if not 0 < lowest < highest < CONTRAST_GRID // 2:
            raise UsageError(
                f"Expected a ring within 1..{CONTRAST_GRID // 2 - 1} cycles across the image, got "
                f"{lowest}..{highest}: a detector could not tell faster waves apart."
            )
        self.key = key
        self.strength = check_strength(strength)
        self.carriers = carriers
        self.lowest = lowest
        self.highest = highest
        self.waves: Carriers = draw_carriers(key, count=carriers, lowest=lowest, highest=highest)
        self._patterns: dict[tuple[int, int], Tensor] = {}

    def __call__(self, images: Tensor) -> Tensor:
        height, width = images.shape[-2:]
        loudness = self.strength * loudness_of(images)
        mark = F.interpolate(loudness, (height, width), mode="bilinear", align_corners=False)
        return torch.add(images, mark.mul_(self._pattern(height, width).to(images))).clamp_(0, 1)

    def mark(self, pixels: Pixels) -> Pixels:
        """Put the mark into one photo (H, W, 3) of 8-bit RGB, at little cost however large it is."""
        return mark_photo(self.waves, pixels, self.strength)

    def find(self, pixels: Pixels) -> Detection:
        """Look for the mark of this key in one photo (H, W, 3) of 8-bit RGB."""
        return detect(self, pixels)

    def stronger(self, factor: float) -> SpreadSpectrum:
        """The same mark, ``factor`` times as strong (at most the greatest strength)."""
        other = copy.copy(self)
        other.strength = within_limit(self.strength * factor)
        return other

    def settings(self) -> dict[str, Any]:
        return {
            "strength": self.strength,
            "carriers": self.carriers,
            "lowest": self.lowest,
            "highest": self.highest,
        }

    def _pattern(self, height: int, width: int) -> Tensor:
        """The pattern at one size; the last one is kept, since training asks for one size only."""
        pattern = self._patterns.get((height, width))
        if pattern is None:
            pattern = self.waves.pattern(height, width)
            self._patterns.clear()  # and not replaced: stronger copies share it
            self._patterns[height, width] = pattern
        return pattern


def luma(images: Tensor) -> Tensor:
    """ITU-R BT.601 luma (N, 1, H, W) of RGB images in [0, 1]: what JPEG keeps best."""
    return torch.einsum("nchw,c->nhw", images, images.new_tensor([0.299, 0.587, 0.114]))[:, None]


def loudness_of(images: Tensor) -> Tensor:
    """How strong a mark may be at each place, (N, 1, g, g) with g at most CONTRAST_GRID.

    ``min(0.012 + 0.25 c, 0.06)`` with c the mean absolute deviation of the luma in a 9 x 9 window: eyes
    forgive more where there is texture.
    """
    grey = _small_luma(images)
    deviation = (grey - _window_mean(grey)).abs()
    return (0.012 + 0.25 * _window_mean(deviation)).clamp(max=0.06)


def heard(images: Tensor, strength: float) -> Tensor:
    """What a detector listens to, (N, 1, g, g): the luma's fine detail over the loudness a mark has there.

    Detail louder than any mark is pressed down, so that no edge of the photo drowns the carriers.
    """
    grey = _small_luma(images)
    detail = grey - _window_mean(grey)
    return torch.tanh(detail / (2 * strength * loudness_of(images)))


def _small_luma(images: Tensor) -> Tensor:
    grey = luma(images)
    grid = (min(CONTRAST_GRID, images.shape[-2]), min(CONTRAST_GRID, images.shape[-1]))
    return grey if grid == tuple(grey.shape[-2:]) else F.interpolate(grey, grid, mode="area")


def _window_mean(values: Tensor) -> Tensor:
    padded = F.pad(values, (4, 4, 4, 4), mode="replicate")
    return F.avg_pool2d(padded, 9, stride=1)
