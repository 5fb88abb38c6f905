"""Photos before and after a change, and what lies between them, made loud enough to be seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unfind.errors import UsageError
from unfind.report.captioned import captioned
from unfind.report.figure_style import FigureFormat

Pixels = NDArray[np.uint8]
LARGEST = 480
"""Pixels on the longer side of a drawn picture: more is not seen at its size, and makes a heavy file."""
AMPLIFY = 16.0
"""A change of 3 of 255 levels becomes one of 48, of black to white 255."""
GREY = 128


@dataclass(frozen=True, eq=False)
class Pair:
    """One photo twice.

    Attributes:
        before, after: uint8 (H, W, 3), of one size.
        caption: what to say of the second, such as its PSNR.
    """

    before: Pixels
    after: Pixels
    caption: str = ""


def before_after(
    pairs: Mapping[str, Pair], *, amplify: float = AMPLIFY, largest: int = LARGEST, format: FigureFormat = "png"
) -> bytes:
    """Draw a row for each photo: before, after, and the difference times ``amplify`` on grey.

    Args:
        pairs: name -> photo.
        amplify: how many times the difference is enlarged, above 0.
        largest: pixels on the longer side of a drawn picture, at least 1.
        format: "png" or "svg".

    Returns:
        The file.

    Raises:
        UsageError: nothing to draw, two pictures of different sizes, or a number out of range.
    """
    if not pairs or amplify <= 0 or largest < 1:
        raise UsageError(
            f"a preview needs photos, amplify > 0 and largest >= 1, but {len(pairs)}, {amplify}, {largest} came"
        )
    pictures: dict[str, Pixels] = {}
    for name, pair in pairs.items():
        columns = {
            f"{name}\nbefore": pair.before,
            f"{name}\nafter{_said(pair.caption)}": pair.after,
            f"{name}\ndifference x {amplify:g}": loud_difference(pair.before, pair.after, amplify),
        }
        pictures |= {caption: _smaller(pixels, largest) for caption, pixels in columns.items()}
    return captioned(pictures, columns=3, format=format)


def loud_difference(before: Pixels, after: Pixels, amplify: float = AMPLIFY) -> Pixels:
    """What was added, enlarged, on middle grey: darker where something was taken away.

    Raises:
        UsageError: pictures of different sizes.
    """
    if before.shape != after.shape:
        raise UsageError(f"a difference needs pictures of one size, but {before.shape} and {after.shape} came")
    added = (after.astype(np.float32) - before) * np.float32(amplify)
    loud: Pixels = np.clip(np.rint(GREY + added), 0, 255).astype(np.uint8)
    return loud


def _said(caption: str) -> str:
    return f", {caption}" if caption else ""


def _smaller(pixels: Pixels, largest: int) -> Pixels:
    """At most so large, averaged; never enlarged."""
    factor = largest / max(pixels.shape[:2])
    if factor >= 1:
        return pixels
    size = (max(1, round(pixels.shape[1] * factor)), max(1, round(pixels.shape[0] * factor)))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))
