"""What happens to photos on their way through the world: the edits a trigger or a cloak should survive.

Each edit maps uint8 (H, W, 3) to uint8 (H', W', 3), depends on the pixels alone, and always gives the same
result. `EDITS` names them as reports do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from unfind.images.codec import through_codec
from unfind.images.photo import Pixels
from unfind.images.resize import scale

Edit: TypeAlias = Callable[[Pixels], Pixels]


def jpeg(pixels: Pixels, quality: int) -> Pixels:
    """Compress as JPEG of a quality 1..100, with 4:2:0 chroma."""
    return through_codec([pixels], quality=quality, workers=1)[0]


def crop(pixels: Pixels, share: float) -> Pixels:
    """Cut `share` (0..1) off each side's length, half of it at either end; at least one pixel stays."""
    height, width = pixels.shape[:2]
    rows, columns = min(height - 1, round(height * share)), min(width - 1, round(width * share))
    top, left = rows // 2, columns // 2
    return pixels[top : top + height - rows, left : left + width - columns].copy()


def blur(pixels: Pixels, sigma_at_512: float, least: float = 0.5) -> Pixels:
    """Blur with a Gaussian that looks equally soft at any resolution.

    Args:
        pixels: uint8 (H, W, 3).
        sigma_at_512: standard deviation in pixels for a picture whose longest side has 512.
        least: no smaller deviation is used, since it would leave a small picture as it is.
    """
    sigma = max(least, sigma_at_512 * max(pixels.shape[:2]) / 512)
    return np.array(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(sigma)))


def noise(pixels: Pixels, sigma: float) -> Pixels:
    """Add Gaussian noise of standard deviation `sigma` (of 255), seeded by the pixels themselves."""
    digest = hashlib.blake2b(np.ascontiguousarray(pixels).data, digest_size=8).digest()
    random = np.random.default_rng(int.from_bytes(digest, "big"))
    drawn: NDArray[np.float32] = random.standard_normal(pixels.shape, dtype=np.float32)
    noisy = pixels + drawn * np.float32(sigma)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def posted(pixels: Pixels, quality: int, factor: float) -> Pixels:
    """Compress as JPEG of a quality 1..100, then scale both sides by `factor`: what an upload and a page of it do."""
    return scale(jpeg(pixels, quality), factor)


def messenger(pixels: Pixels, longest: int = 1600, quality: int = 70) -> Pixels:
    """Send through a messenger: no side over `longest` pixels, then JPEG with 4:2:0 chroma."""
    factor = longest / max(pixels.shape[:2])
    return jpeg(scale(pixels, factor) if factor < 1 else pixels, quality)


def screenshot(pixels: Pixels, width: int = 1080, height: int = 2340, quality: int = 85) -> Pixels:
    """Show full-screen on a phone, take a screenshot, share that as JPEG.

    Args:
        pixels: uint8 (H, W, 3).
        width, height: the screen in pixels, of a common phone; the picture is scaled to fit in, up or down.
        quality: of the JPEG shared, 1..100. The screenshot itself is lossless.
    """
    shown = scale(pixels, min(width / pixels.shape[1], height / pixels.shape[0]))
    return jpeg(_SCREEN[shown, [0, 1, 2]], quality)


def _screen_response(gamma: float, gains: tuple[float, float, float]) -> Pixels:
    """Tabulate, uint8 (256, 3), what a screen makes of each value of each channel."""
    values = (np.arange(256) / 255)[:, None] ** gamma * np.array(gains)
    table: Pixels = np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8)
    return table


# A little darker in the middle and a little warmer, as with a night mode barely switched on.
_SCREEN = _screen_response(gamma=1.06, gains=(1.0, 0.99, 0.96))

EDITS: dict[str, Edit] = {
    "jpeg95": partial(jpeg, quality=95),
    "jpeg85": partial(jpeg, quality=85),
    "jpeg75": partial(jpeg, quality=75),
    "jpeg50": partial(jpeg, quality=50),
    "resize0.5": partial(scale, factor=0.5),
    "resize0.75": partial(scale, factor=0.75),
    "resize1.5": partial(scale, factor=1.5),
    "crop10": partial(crop, share=0.1),
    "blur": partial(blur, sigma_at_512=1.0),
    "noise": partial(noise, sigma=4.0),
    "jpeg75+resize0.75": partial(posted, quality=75, factor=0.75),
    "messenger": messenger,
    "screenshot": screenshot,
}
