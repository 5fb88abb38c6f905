"""Turn pixels upright by their EXIF orientation, and back (EXIF 2.32, tag 0x0112)."""

from __future__ import annotations

import numpy as np

from unfind.images.photo import Pixels

# Orientations 6 and 8 are quarter turns and undo each other; all others undo themselves.
_BACK = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Turn pixels as stored in a file so that the top of the picture is row 0.

    Args:
        pixels: (H, W) or (H, W, C) as stored.
        orientation: 1..8; from 5 on height and width change places.
    """
    match orientation:
        case 2:
            pixels = pixels[:, ::-1]
        case 3:
            pixels = pixels[::-1, ::-1]
        case 4:
            pixels = pixels[::-1]
        case 5:
            pixels = pixels.swapaxes(0, 1)
        case 6:
            pixels = pixels[::-1].swapaxes(0, 1)
        case 7:
            pixels = pixels[::-1, ::-1].swapaxes(0, 1)
        case 8:
            pixels = pixels[:, ::-1].swapaxes(0, 1)
    return np.ascontiguousarray(pixels)


def as_stored(pixels: Pixels, orientation: int) -> Pixels:
    """Undo `upright`: turn upright pixels to the way a file with this orientation stores them."""
    return upright(pixels, _BACK[orientation])
