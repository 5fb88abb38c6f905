"""What a photo's file holds: the bare picture for the decoder, and the blocks around it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Container:
    """A file taken apart, before any pixel is decoded.

    Args:
        picture: the file without its metadata, so that a damaged or hostile block cannot fail the picture.
        icc: ICC profile, or None.
        exif: EXIF block from its TIFF header on, or None.
        frames: number of pictures; 1 unless animated.
        bit_depth: bits of a sample as stored (1, 2, 4, 8 or 16).
    """

    picture: bytes
    icc: bytes | None = None
    exif: bytes | None = None
    frames: int = 1
    bit_depth: int = 8


def bare_exif(block: bytes) -> bytes | None:
    """Strip the "Exif" marker some writers put before the TIFF header; None for an empty block."""
    return block.removeprefix(b"Exif\0\0") or None
