"""Pictures in a grid, each with a line under it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from unfind.errors import UsageError
from unfind.report.figure_style import FigureFormat, figure_bytes, house_style

SIDE = 1.55
"""Of a picture, in inches."""


def captioned(pictures: Mapping[str, NDArray[np.uint8]], *, columns: int = 5, format: FigureFormat = "svg") -> bytes:
    """Draw pictures row by row, pixel for pixel.

    Args:
        pictures: caption -> uint8 (H, W, 3); a caption may have several lines.
        columns: pictures in a row, at least 1.
        format: "svg" or "png".

    Returns:
        The file.

    Raises:
        UsageError: no picture, or no columns.
    """
    if not pictures or columns < 1:
        raise UsageError(f"a grid needs a picture and a column, but {len(pictures)} and {columns} came; give some")
    across = min(columns, len(pictures))
    down = -(-len(pictures) // across)
    lines = max(caption.count("\n") for caption in pictures)
    with house_style():
        figure = Figure(figsize=(SIDE * across, (SIDE + 0.2 + 0.15 * lines) * down), layout="constrained")
        grid = np.atleast_1d(figure.subplots(down, across)).ravel()
        for axes in grid:
            axes.set_axis_off()
        for axes, (caption, pixels) in zip(grid, pictures.items(), strict=False):
            axes.imshow(pixels, interpolation="nearest")
            axes.set_title(caption, fontsize=7)
        return figure_bytes(figure, format)
