"""Bytes to photo: everything that is checked, before and after, on the way to upright RGB pixels."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFile, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from unfind.errors import ImageError, UnfindError
from unfind.images import exif
from unfind.images.colour import as_rgb
from unfind.images.container import Container
from unfind.images.jpeg_quality import estimate_quality
from unfind.images.jpeg_segments import split_jpeg
from unfind.images.limits import DEFAULT_LIMITS, Limits, check_bytes, check_frames, check_size
from unfind.images.orientation import upright
from unfind.images.photo import Format, Photo
from unfind.images.png_chunks import split_png
from unfind.images.samples import eight_bit
from unfind.images.signature import photo_format
from unfind.images.webp_chunks import split_webp

_SPLIT: dict[Format, Callable[[bytes, Limits], Container]] = {
    "jpeg": split_jpeg,
    "png": split_png,
    "webp": split_webp,
}

# The reader of the format at hand is called by name, so no other of Pillow's decoders can be reached, and
# `Limits` alone decide on size: `Image.open` would add a warning, which is switched for all threads at once.
_READER: dict[Format, Callable[[io.BytesIO], ImageFile.ImageFile]] = {
    "jpeg": JpegImagePlugin.JpegImageFile,
    "png": PngImagePlugin.PngImageFile,
    "webp": WebPImagePlugin.WebPImageFile,
}

_SUBSAMPLING = {0: "4:4:4", 1: "4:2:2", 2: "4:2:0"}


def decode(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Photo:
    """Decode one JPEG, PNG or WebP photo.

    The kind is told by the bytes, the limits hold before pixels are decoded, orientation is applied, grey,
    palette, CMYK and 16-bit pictures become 8-bit RGB. A damaged EXIF block or ICC profile is ignored.

    Args:
        data: the whole file.
        limits: what the photo may cost.

    Raises:
        ImageError: the data are of another kind, damaged or cut short.
        ImageLimitError: the photo is over a limit, or an animation.
    """
    check_bytes(len(data), limits)
    format = photo_format(data)
    container = _SPLIT[format](data, limits)
    check_frames(container.frames, limits)
    try:
        with _READER[format](io.BytesIO(container.picture)) as image:
            check_size(*image.size, limits)
            image.load()
            return _photo(image, format, container)
    except UnfindError:
        raise
    except Exception as error:  # Pillow's readers raise a dozen kinds on damaged data, no base class among them
        raise ImageError(
            f"expected a whole {format.upper()} photo, got damaged data ({error}); take the original file"
        ) from error


def _photo(image: ImageFile.ImageFile, format: Format, container: Container) -> Photo:
    colour, alpha = eight_bit(image, container.bit_depth)
    orientation = exif.orientation(container.exif)
    pixels, icc = as_rgb(upright(colour, orientation), container.icc)
    quality, subsampling = _compression(image)
    return Photo(
        pixels=pixels,
        format=format,
        alpha=None if alpha is None else np.array(upright(Image.fromarray(alpha), orientation)),
        icc=icc,
        exif=container.exif,
        orientation=orientation,
        quality=quality,
        subsampling=subsampling,
    )


def _compression(image: Image.Image) -> tuple[int | None, str | None]:
    if not isinstance(image, JpegImagePlugin.JpegImageFile):
        return None, None
    return estimate_quality(image.quantization), _SUBSAMPLING.get(JpegImagePlugin.get_sampling(image))
