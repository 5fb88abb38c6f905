"""Bars that lie on their side, so that each can bear a name of some length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from unfind.errors import UsageError
from unfind.report.figure_style import COLOURS, FigureFormat, figure_bytes, house_style

WIDTH, LINE, ROOM = 6.4, 0.26, 0.8
"""Of the figure, of one bar's line, and of axis and legend, in inches."""


def named_bars(
    names: Sequence[str], series: Mapping[str, Sequence[float | None]], *, x: str = "", format: FigureFormat = "svg"
) -> bytes:
    """Draw one group of bars for each name, from the top down.

    Args:
        names: as they shall stand beside the bars.
        series: {label: a fraction for each name, None where there is none}.
        x: what is drawn.
        format: "svg" or "png".

    Returns:
        The file.

    Raises:
        UsageError: nothing to draw, or a series of another length.
    """
    if not names or not series or any(len(values) != len(names) for values in series.values()):
        lengths = [len(values) for values in series.values()]
        raise UsageError(f"bars need a value for each of {len(names)} names, but {lengths} came; give one each")
    places, thickness = np.arange(len(names)), 0.8 / len(series)
    with house_style():
        figure = Figure(figsize=(WIDTH, LINE * len(names) + ROOM), layout="constrained")
        axes = figure.subplots()
        for index, (label, values) in enumerate(series.items()):
            widths = [0.0 if value is None else value for value in values]
            shift = (index - (len(series) - 1) / 2) * thickness
            axes.barh(places + shift, widths, 0.92 * thickness, color=COLOURS[index % len(COLOURS)], label=label)
        axes.set_yticks(places, names, fontsize=8)
        axes.invert_yaxis()
        axes.set_xlabel(x)
        axes.xaxis.set_major_formatter(lambda value, _: f"{round(100 * value, 3):g} %")
        axes.grid(axis="x")
        if len(series) > 1:
            figure.legend(loc="outside upper left", ncols=len(series), fontsize=8)
        return figure_bytes(figure, format)
