"""The figure of a cloak's way to its target: distance by iterations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from unfind.errors import UsageError
from unfind.report.figure_style import COLOURS, FigureFormat, figure_bytes, house_style


def distance_by_iteration(
    curves: Mapping[str, Sequence[Sequence[float]]], *, unit: str, format: FigureFormat = "svg"
) -> bytes:
    """Lines: the mean distance of photos from their targets, with the nearest and the farthest as a band.

    Args:
        curves: name -> one row per photo: its distance after 0, 1, 2 ... iterations. A photo that finished early
            stays where it was, so rows may differ in length.
        unit: what is counted, such as "bits".
        format: "svg" or "png".

    Returns:
        The file.

    Raises:
        UsageError: nothing to draw.
    """
    if not any(len(row) for rows in curves.values() for row in rows):
        raise UsageError("a curve needs at least one photo with one distance, but none came; cloak a photo first")
    with house_style():
        figure = Figure(figsize=(6.4, 2.9), layout="constrained")
        axes = figure.subplots()
        for index, (name, rows) in enumerate(curves.items()):
            drawn, colour = _filled(rows), COLOURS[index % len(COLOURS)]
            steps = np.arange(drawn.shape[1])
            axes.fill_between(steps, drawn.min(0), drawn.max(0), color=colour, alpha=0.15, linewidth=0)
            axes.plot(steps, drawn.mean(0), color=colour, label=name)
        axes.set_xlabel("iterations")
        axes.set_ylabel(f"distance from target ({unit})")
        axes.set_ylim(bottom=0)
        axes.grid(True)
        if len(curves) > 1:
            axes.legend()
        return figure_bytes(figure, format)


def _filled(rows: Sequence[Sequence[float]]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Rows of one length: each goes on as it ended."""
    longest = max(len(row) for row in rows)
    return np.array([[*row, *[row[-1]] * (longest - len(row))] for row in rows if len(row)], dtype=np.float64)
