"""The plane waves on photos from files, without torch: what owners need of ``SpreadSpectrum``, and starts at once."""

from __future__ import annotations

import copy

from unfind.images.photo import Pixels
from unfind.triggers.carriers import CARRIERS, HIGHEST, LOWEST, draw_carriers
from unfind.triggers.detect import detect
from unfind.triggers.detection import Detection
from unfind.triggers.key import Key
from unfind.triggers.spread_photo import mark_photo
from unfind.triggers.strength import check_strength, within_limit


class SpreadMark:
    """Marks and reads photos with one key.

    Args:
        key: draws frequencies and phases.
        strength: 1 is about 32 dB PSNR on busy 128-pixel thumbnails; half of it is 6 dB fainter.

    Raises:
        UsageError: a strength outside (0, 8].
    """

    name = "spread-spectrum"

    def __init__(self, key: Key, *, strength: float = 1.0) -> None:
        self.key = key
        self.strength = check_strength(strength)
        self.waves = draw_carriers(key, count=CARRIERS, lowest=LOWEST, highest=HIGHEST)

    def mark(self, pixels: Pixels) -> Pixels:
        """Put the mark into one photo (H, W, 3) of 8-bit RGB, of any size."""
        return mark_photo(self.waves, pixels, self.strength)

    def find(self, pixels: Pixels) -> Detection:
        """Look for the mark of this key in one photo (H, W, 3) of 8-bit RGB."""
        return detect(self, pixels)

    def stronger(self, factor: float) -> SpreadMark:
        """The same mark, ``factor`` times as strong (at most the greatest strength)."""
        other = copy.copy(self)
        other.strength = within_limit(self.strength * factor)
        return other
