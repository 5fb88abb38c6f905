"""Photo to bytes: the same file as came in, as far as a viewer can tell, with other pixels."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from unfind.errors import ImageError, UsageError
from unfind.images import exif
from unfind.images.orientation import as_stored
from unfind.images.photo import FORMATS, Format, Photo, Pixels, check_pixels

# When the source has no quality to go by: hardly visible loss, and most of the saving.
DEFAULT_QUALITY = 90

# What cameras and upload forms write.
DEFAULT_SUBSAMPLING = "4:2:0"

# Longest side each encoder takes. JPEG's own field ends at 65,535; libjpeg stops a little earlier.
_MAX_SIDE: dict[Format, int] = {"jpeg": 65_500, "png": 2**31 - 1, "webp": 16_383}

# A JPEG segment ends at 65,535 bytes, of which 8 name it.
_MAX_EXIF_IN_JPEG = 65_527


def encode(
    photo: Photo, *, format: Format | None = None, quality: int | None = None, keep_location: bool = False
) -> bytes:
    """Write a photo so that a viewer sees what it saw of the source, apart from what changed in the pixels.

    Orientation, ICC profile and alpha are kept, JPEG quality and subsampling are the source's. EXIF goes
    along without its GPS position, thumbnail and maker note; XMP, IPTC and comments do not go along. The same
    photo gives the same bytes.

    Args:
        photo: what to write.
        format: "jpeg", "png" or "webp"; None for the photo's own.
        quality: 1..100 for JPEG and WebP; None for the source's (from JPEG to JPEG) or 90. PNG is
            lossless and ignores it.
        keep_location: leave the GPS position in.

    Raises:
        UsageError: unknown format, or quality out of range.
        ImageError: the format cannot hold this photo.
    """
    chosen = format or photo.format
    _check(photo, chosen, quality)
    if quality is None:
        quality = photo.quality if chosen == "jpeg" and photo.quality else DEFAULT_QUALITY
    settings: dict[Format, dict[str, Any]] = {
        "jpeg": {"quality": quality, "subsampling": photo.subsampling or DEFAULT_SUBSAMPLING},
        "png": {},
        # exact: do not repaint what lies under transparent pixels; a trigger may live there.
        "webp": {"quality": quality, "exact": True},
    }
    return _saved(_picture(photo), chosen, **settings[chosen], **_blocks(photo, chosen, keep_location))


def jpeg(pixels: Pixels, quality: int, subsampling: str = DEFAULT_SUBSAMPLING) -> bytes:
    """Write bare pixels, uint8 (H, W, 3), as JPEG of a quality 1..100: the encoder behind every codec step.

    Raises:
        UsageError: quality out of range.
        ImageError: not RGB pixels, or too many for JPEG.
    """
    check_pixels(pixels)
    _check_quality(quality)
    _check_side(pixels, "jpeg")
    return _saved(Image.fromarray(pixels), "jpeg", quality=quality, subsampling=subsampling)


def _check(photo: Photo, format: Format, quality: int | None) -> None:
    if format not in FORMATS:
        raise UsageError(f"expected a format out of {', '.join(FORMATS)}, got {format!r}; choose one of these")
    if quality is not None:
        _check_quality(quality)
    if format == "jpeg" and photo.alpha is not None:
        raise ImageError(
            "expected a photo without transparency for JPEG, which cannot hold it, got one with; "
            "write it as PNG or WebP"
        )
    _check_side(photo.pixels, format)


def _check_quality(quality: int) -> None:
    if not 1 <= quality <= 100:
        raise UsageError(f"expected a quality from 1 to 100, got {quality}; 90 is a good choice")


def _check_side(pixels: Pixels, format: Format) -> None:
    height, width = pixels.shape[:2]
    if max(height, width) > _MAX_SIDE[format]:
        raise ImageError(
            f"expected sides of at most {_MAX_SIDE[format]:,} pixels for {format.upper()}, "
            f"got {width:,} x {height:,}; scale the photo down or write it as PNG"
        )


def _picture(photo: Photo) -> Image.Image:
    pixels = photo.pixels if photo.alpha is None else np.dstack([photo.pixels, photo.alpha])
    return as_stored(Image.fromarray(pixels), photo.orientation)


def _blocks(photo: Photo, format: Format, keep_location: bool) -> dict[str, bytes]:
    block = exif.carried(photo.exif, photo.orientation, keep_location=keep_location)
    if format == "jpeg" and block is not None and len(block) > _MAX_EXIF_IN_JPEG:
        # Only PNG and WebP hold blocks of this size; the orientation is the part a picture cannot miss.
        block = exif.carried(None, photo.orientation, keep_location=False)
    blocks = {"exif": None if block is None else b"Exif\0\0" + block, "icc_profile": photo.icc}
    return {name: value for name, value in blocks.items() if value is not None}


def _saved(image: Image.Image, format: Format, **settings: Any) -> bytes:
    target = io.BytesIO()
    try:
        image.save(target, format.upper(), **settings)
    except (OSError, ValueError) as error:
        raise ImageError(
            f"expected a picture that can be written as {format.upper()}, got a refusal of the encoder "
            f"({error}); try another format"
        ) from error
    return target.getvalue()
