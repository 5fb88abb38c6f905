"""Figures of several panels side by side: lines, bars, grids of values, clouds of points, rows of pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from unfind.errors import UsageError
from unfind.report.figure_style import COLOURS, GRID, INK, MARKERS, FigureFormat, figure_bytes, house_style

STYLES = ("-", "--", ":", "-.")
"""One colour comes back with the next style, once all colours are used."""
WIDTH, HEIGHT = 2.7, 2.3
"""Of a panel, in inches."""
LINE = 0.19
"""Height of a line of a legend, in inches."""
TICK = 0.3
"""Least room for one of many positions, in inches."""
CHARACTER, BESIDE_LABEL = 0.07, 0.55
"""Width of a character of small print, and of what stands beside a label in a legend, in inches."""
MOST_COLUMNS = 5
RIGHT, WRONG = COLOURS[2], COLOURS[1]


@dataclass(frozen=True)
class Panel:
    """Values over the same few positions.

    Attributes:
        title: above the panel.
        ticks: a label for each position.
        series: {label: a value for each position, None where there is none}; every panel of a figure should name the
            same series, as they share one legend.
    """

    title: str
    ticks: Sequence[str]
    series: Mapping[str, Sequence[float | None]]

    def __post_init__(self) -> None:
        for label, values in self.series.items():
            if len(values) != len(self.ticks):
                raise UsageError(f"{label}: expected {len(self.ticks)} values, one per tick, got {len(values)}; fix it")


@dataclass(frozen=True, eq=False)
class Cloud:
    """Points of several kinds.

    Attributes:
        title: above the panel.
        groups: {label: (N, 2) positions}.
    """

    title: str
    groups: Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Hits:
    """A query and what it found.

    Attributes:
        title: left of the row.
        query: uint8 (H, W, 3).
        found: pictures, best first, and whether each is right.
    """

    title: str
    query: NDArray[np.uint8]
    found: Sequence[tuple[NDArray[np.uint8], bool]]


def panels(
    parts: Sequence[Panel],
    *,
    kind: Literal["line", "bar"] = "line",
    x: str = "",
    y: str = "",
    per_cent: bool = True,
    columns: int = 4,
    format: FigureFormat = "svg",
) -> bytes:
    """Draw lines or bars.

    Args:
        parts: the panels, row by row.
        kind: "line" or "bar".
        x: what the positions are.
        y: what the values are.
        per_cent: whether values are fractions to be shown as per cent; all panels then share the scale.
        columns: panels in a row, at most 5.
        format: "svg" or "png".

    Returns:
        The file.

    Raises:
        UsageError: no panel, or one without values.
    """
    _need(parts, [one for part in parts for one in part.series])
    with house_style():
        width = max(WIDTH, *(TICK * len(part.ticks) for part in parts))
        figure, grid = _canvas(len(parts), columns, share=per_cent, width=width)
        for place, (axes, part) in enumerate(zip(grid, parts, strict=False)):
            _line(axes, part) if kind == "line" else _bars(axes, part)
            axes.set_title(part.title, loc="left", fontsize=10)
            _ticks(axes, part.ticks)
            axes.set_xlabel(x)
            if per_cent:
                axes.yaxis.set_major_formatter(lambda value, _: f"{round(100 * value, 3):g} %")
            if place % min(columns, MOST_COLUMNS) == 0:
                axes.set_ylabel(y)
        _legend(figure, grid[0])
        return figure_bytes(figure, format)


def heat(
    parts: Mapping[str, NDArray[np.float64]],
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    x: str,
    y: str,
    format: FigureFormat = "svg",
) -> bytes:
    """Draw grids of fractions, each with its number in it.

    Args:
        parts: {title: (rows, columns)} of fractions; NaN where nothing was measured.
        rows: labels, from the top down.
        columns: labels, from the left.
        x: what the columns are.
        y: what the rows are.
        format: "svg" or "png".

    Raises:
        UsageError: no grid, or one of another shape.
    """
    _need(parts, rows)
    colours = LinearSegmentedColormap.from_list("unfind", ["#ffffff", COLOURS[0]])
    with house_style():
        figure, grid = _canvas(len(parts), len(parts), share=False)
        for axes, (title, values) in zip(grid, parts.items(), strict=False):
            if values.shape != (len(rows), len(columns)):
                raise UsageError(f"{title}: expected ({len(rows)}, {len(columns)}) values, got {values.shape}; fix it")
            axes.imshow(values, cmap=colours, vmin=0, vmax=max(1e-9, float(np.nanmax(values))), aspect="auto")
            for (row, column), value in np.ndenumerate(values):
                text = "" if np.isnan(value) else f"{100 * value:.1f}"
                # Dark in either theme, as the cell under it is light in both.
                axes.text(column, row, text, ha="center", va="center", fontsize=8, color="#101418")
            axes.set_title(f"{title} (%)", loc="left", fontsize=10)
            axes.set_xticks(range(len(columns)), columns)
            axes.set_yticks(range(len(rows)), rows)
            axes.set_xlabel(x)
            axes.grid(False)
        grid[0].set_ylabel(y)
        return figure_bytes(figure, format)


def clouds(parts: Sequence[Cloud], *, format: FigureFormat = "svg") -> bytes:
    """Draw points of several kinds, as of embeddings laid out in the plane.

    Raises:
        UsageError: no cloud, or one without groups.
    """
    _need(parts, [one for part in parts for one in part.groups])
    with house_style():
        figure, grid = _canvas(len(parts), 4, share=False)
        for axes, part in zip(grid, parts, strict=False):
            for index, (label, points) in enumerate(part.groups.items()):
                axes.scatter(
                    points[:, 0], points[:, 1], s=9, alpha=0.75, linewidths=0, color=COLOURS[index % len(COLOURS)],
                    marker=MARKERS[index % len(MARKERS)], label=label,
                )  # fmt: skip
            axes.set_title(part.title, loc="left", fontsize=10)
            axes.set_xticks([])
            axes.set_yticks([])
        _legend(figure, grid[0])
        return figure_bytes(figure, format)


def hit_lists(rows: Sequence[Hits], *, format: FigureFormat = "svg") -> bytes:
    """Draw each query beside what it found: right hits have a green frame, wrong ones an orange one.

    Raises:
        UsageError: no query, or one that found nothing.
    """
    _need(rows, [one for row in rows for one in row.found])
    longest = max(len(row.found) for row in rows)
    with house_style():
        figure = Figure(figsize=(1.1 * (longest + 1) + 1.2, 1.15 * len(rows)), layout="constrained")
        grid = np.atleast_2d(figure.subplots(len(rows), longest + 1))
        for line, row in zip(grid, rows, strict=True):
            _picture(line[0], row.query, INK)
            line[0].set_ylabel(row.title, rotation=0, ha="right", va="center", fontsize=8)
            for axes in line[1 + len(row.found) :]:
                axes.set_axis_off()
            for axes, (pixels, right) in zip(line[1:], row.found, strict=False):
                _picture(axes, pixels, RIGHT if right else WRONG)
        return figure_bytes(figure, format)


def _canvas(count: int, columns: int, *, share: bool, width: float = WIDTH) -> tuple[Figure, list[Axes]]:
    across = max(1, min(count, columns, MOST_COLUMNS))
    down = -(-count // across)
    figure = Figure(figsize=(width * across + 0.4, HEIGHT * down + 0.4), layout="constrained")
    grid = list(np.atleast_1d(figure.subplots(down, across, sharey=share)).ravel())
    for axes in grid[:count]:
        axes.grid(axis="y")
    for axes in grid[count:]:
        axes.set_axis_off()
    return figure, grid


def _ticks(axes: Axes, labels: Sequence[str]) -> None:
    """Labels side by side, or aslant where they would touch."""
    axes.set_xticks(range(len(labels)), labels, fontsize=8)
    if CHARACTER * max(len(label) for label in labels) > 0.8 * max(WIDTH / len(labels), TICK):
        axes.tick_params(axis="x", labelrotation=45)


def _line(axes: Axes, part: Panel) -> None:
    for index, (label, values) in enumerate(part.series.items()):
        axes.plot(
            range(len(values)),
            _numbers(values),
            marker=MARKERS[index % len(MARKERS)],
            linestyle=STYLES[index // len(COLOURS) % len(STYLES)],
            color=COLOURS[index % len(COLOURS)],
            markersize=4,
            linewidth=1.3,
            label=label,
        )
    axes.margins(x=0.1, y=0.1)


def _bars(axes: Axes, part: Panel) -> None:
    width = 0.8 / len(part.series)
    for index, (label, values) in enumerate(part.series.items()):
        shift = (index - (len(part.series) - 1) / 2) * width
        axes.bar(
            np.arange(len(values)) + shift,
            _numbers(values),
            0.92 * width,
            color=COLOURS[index % len(COLOURS)],
            hatch="//" if index >= len(COLOURS) else None,
            edgecolor=INK if index >= len(COLOURS) else "none",
            label=label,
        )
    axes.axhline(0.0, color=GRID, linewidth=0.8)


def _picture(axes: Axes, pixels: NDArray[np.uint8], frame: str) -> None:
    axes.imshow(pixels)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set(visible=True, color=frame, linewidth=2.5)


def _numbers(values: Sequence[float | None]) -> NDArray[np.float64]:
    """What was not measured is NaN, which is not drawn."""
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _legend(figure: Figure, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    wide = CHARACTER * max(len(label) for label in labels) + BESIDE_LABEL
    across = max(1, min(5, len(labels), int(figure.get_figwidth() / wide)))
    figure.set_figheight(figure.get_figheight() + LINE * (-(-len(labels) // across) - 1))
    figure.legend(handles, labels, loc="outside upper left", ncols=across, fontsize=8, handletextpad=0.5)


def _need(parts: Sequence[Any] | Mapping[str, Any], inner: Sequence[Any]) -> None:
    if not parts or not inner:
        raise UsageError("a figure needs at least one panel with values in it, but there is none; leave it out")
