"""What colour the numbers mean: ICC profiles, and the way to sRGB."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageCms

from unfind.images.photo import Photo, Pixels

# The ICC colour space of each Pillow mode.
_SPACES = {"RGB": "RGB ", "L": "GRAY", "CMYK": "CMYK"}


def srgb(photo: Photo) -> Pixels:
    """Give a photo's pixels in sRGB, the space every model expects.

    Args:
        photo: with or without an ICC profile.

    Returns:
        uint8 (H, W, 3). The pixels as they are when there is no profile that can be used.
    """
    converted = _converted(Image.fromarray(photo.pixels), photo.icc)
    return photo.pixels if converted is None else np.array(converted)


def as_rgb(image: Image.Image, icc: bytes | None) -> tuple[Pixels, bytes | None]:
    """Turn a decoded picture into RGB, in the file's own colour space where that is an RGB space.

    Args:
        image: mode RGB, L or CMYK.
        icc: the file's profile, or None.

    Returns:
        uint8 (H, W, 3) and the profile they are meant in. Grey and CMYK pictures with a profile of their own
        are converted to sRGB, and then need no profile; a profile of the wrong kind is dropped.
    """
    if image.mode == "RGB":
        return np.array(image), icc if _space(icc) == "RGB " else None
    converted = _converted(image, icc)
    if converted is not None:
        return np.array(converted), None
    # Cameras give grey pictures an RGB profile: it holds for three equal channels.
    return np.array(image.convert("RGB")), icc if image.mode == "L" and _space(icc) == "RGB " else None


def _space(icc: bytes | None) -> str | None:
    """Read the colour space of a profile, a four-letter code; None when the profile is damaged."""
    if icc is None:
        return None
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(icc)).profile.xcolor_space.ljust(4)
    except (OSError, ValueError):
        return None


def _converted(image: Image.Image, icc: bytes | None) -> Image.Image | None:
    """Convert to sRGB by a profile; None when there is none that can be used for this picture."""
    if icc is None or _space(icc) != _SPACES[image.mode]:
        return None
    try:
        return ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(io.BytesIO(icc)),
            ImageCms.createProfile("sRGB"),
            outputMode="RGB",
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
