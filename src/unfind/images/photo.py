"""A decoded photo: upright pixels, and what is needed to write them back as they came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from unfind.errors import ImageError

Pixels: TypeAlias = NDArray[np.uint8]
Format: TypeAlias = Literal["jpeg", "png", "webp"]

FORMATS: tuple[Format, ...] = get_args(Format)


@dataclass(frozen=True, eq=False)
class Photo:
    """One still photo.

    Change its picture with `dataclasses.replace(photo, pixels=...)`; the rest then still fits.

    Args:
        pixels: uint8 (H, W, 3), upright, in the file's own RGB colour space (that of `icc`, else sRGB).
        format: the kind of file it came from.
        alpha: uint8 (H, W), upright, 255 = opaque; None when the file has no transparency.
        icc: the ICC profile that `pixels` are meant in; None means sRGB.
        exif: the EXIF block as read, from its TIFF header on (without the "Exif" marker that JPEG adds).
        orientation: the EXIF orientation of the file, 1..8; `pixels` are already turned upright.
        quality: estimated JPEG quality, 1..100; None for other formats.
        subsampling: the chroma subsampling of a JPEG, "4:4:4", "4:2:2" or "4:2:0"; None when another or none.

    Raises:
        ImageError: the parts do not fit together.
    """

    pixels: Pixels
    format: Format
    alpha: Pixels | None = None
    icc: bytes | None = None
    exif: bytes | None = None
    orientation: int = 1
    quality: int | None = None
    subsampling: str | None = None

    def __post_init__(self) -> None:
        check_pixels(self.pixels)
        if self.alpha is not None and (self.alpha.shape != self.pixels.shape[:2] or self.alpha.dtype != np.uint8):
            raise ImageError(
                f"expected alpha as uint8 {self.pixels.shape[:2]} like the pixels, "
                f"got {self.alpha.dtype} {self.alpha.shape}; give one value for each pixel"
            )
        if self.orientation not in range(1, 9):
            raise ImageError(f"expected an EXIF orientation from 1 to 8, got {self.orientation}; use 1 for upright")


def check_pixels(pixels: Pixels) -> None:
    """Raise ImageError unless `pixels` are uint8 (H, W, 3) with at least one pixel."""
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.size == 0:
        raise ImageError(
            f"expected RGB pixels as uint8 (H, W, 3), got {pixels.dtype} {pixels.shape}; "
            "convert the array to 8-bit RGB first"
        )
