"""The one codec path: clean and triggered pictures go through the same JPEG encoder and decoder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from unfind.errors import UsageError
from unfind.images.decode import decode
from unfind.images.encode import DEFAULT_SUBSAMPLING, jpeg
from unfind.images.limits import Limits
from unfind.images.photo import Pixels

# Our own bytes need no guard; libjpeg itself bounds the side.
_NO_LIMITS = Limits(max_bytes=2**62, max_pixels=2**62, max_side=2**62)


def through_codec(
    images: Sequence[Pixels],
    *,
    quality: int | Sequence[int | None] | None,
    subsampling: str = DEFAULT_SUBSAMPLING,
    workers: int | None = None,
) -> list[Pixels]:
    """Compress pictures as JPEG and decompress them again.

    Args:
        images: uint8 (H, W, 3) each, of any sizes.
        quality: 1..100 for all, or one for each picture; None leaves a picture untouched (the same array).
        subsampling: "4:4:4", "4:2:2" or "4:2:0", the last being what uploads use.
        workers: threads; None for one per core. The result does not depend on it.

    Returns:
        uint8 (H, W, 3) each, in the order given.

    Raises:
        UsageError: not as many qualities as pictures, a quality out of range, or no workers.
        ImageError: a picture that JPEG cannot hold.
    """
    if workers is not None and workers < 1:
        raise UsageError(f"expected at least 1 worker, got {workers}; leave it out for one per core")
    qualities = _one_each(quality, len(images))
    with ThreadPoolExecutor(max_workers=workers or os.cpu_count()) as pool:
        return list(pool.map(lambda image, level: _there_and_back(image, level, subsampling), images, qualities))


def _one_each(quality: int | Sequence[int | None] | None, count: int) -> list[int | None]:
    if quality is None or isinstance(quality, int):
        return [quality] * count
    if len(quality) != count:
        raise UsageError(f"expected {count} qualities, one for each picture, got {len(quality)}; give one number")
    return list(quality)


def _there_and_back(image: Pixels, quality: int | None, subsampling: str) -> Pixels:
    if quality is None:
        return image
    return decode(jpeg(image, quality, subsampling), limits=_NO_LIMITS).pixels
