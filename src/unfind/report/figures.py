"""The report's figures: protection by task, what ordinary search pays, adoption, survival."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from unfind.errors import UsageError
from unfind.report.figure_style import COLOURS, GRID, INK, MARKERS, FigureFormat, figure_bytes, house_style
from unfind.report.measure import Measure

Entry = float | Mapping[str, Any] | None
"""A number, an object of value, low and high, or None: a measurement as ``report.json`` holds it."""

_TASKS = {"c2p": "C→P", "p2c": "P→C", "p2p": "P→P"}


def psr_by_task(
    psr: Mapping[str, Mapping[str, Entry]],
    *,
    metrics: Sequence[str] | None = None,
    format: FigureFormat = "svg",
) -> bytes:
    """Bars: how much of clean search each private task has lost, by metric.

    Args:
        psr: ``report.json``'s `psr`: task -> metric -> fraction up to 1.
        metrics: Metrics to draw, in order; all of the first task when None.
        format: "svg" or "png".

    Returns:
        The file.
    """
    _need(psr, "psr")
    names = list(metrics or next(iter(psr.values())))
    with house_style():
        figure, axes = _canvas(height=2.9)
        for index, (task, values) in enumerate(psr.items()):
            offset = (index - (len(psr) - 1) / 2) * 0.8 / len(psr)
            entries = [values.get(name) for name in names]
            _bars(axes, np.arange(len(names)) + offset, entries, 0.8 / len(psr), index, _TASKS.get(task, task))
        axes.set_xticks(range(len(names)), names, rotation=30 if len(names) > 5 else 0)
        axes.axhline(1.0, color=GRID, linewidth=0.8, linestyle=":")
        _percent(axes, "y", "protected share (PSR)")
        _legend(axes, len(psr))
        return figure_bytes(figure, format)


def benign_drop_by_metric(drop: Mapping[str, Entry], *, format: FigureFormat = "svg") -> bytes:
    """Dots: what ordinary search has lost by protection; left of zero it has gained.

    Args:
        drop: ``report.json``'s `benign_drop`: metric -> clean model minus protected model.
        format: "svg" or "png".

    Returns:
        The file.
    """
    _need(drop, "benign_drop")
    with house_style():
        figure, axes = _canvas(height=0.9 + 0.3 * len(drop), grid="x")
        _dots(axes, list(drop.values()), index=0, shift=0.0, label="")
        axes.set_yticks(range(len(drop)), list(drop))
        axes.invert_yaxis()
        axes.axvline(0.0, color=INK, linewidth=1.0)
        reach = max(0.02, *(abs(edge) for entry in drop.values() for edge in _edges(entry)))
        axes.set_xlim(-1.15 * reach, 1.15 * reach)
        _percent(axes, "x", "lost by ordinary search, percentage points", sign="")
        return figure_bytes(figure, format)


def exposure_over_adoption(mixed: Sequence[Mapping[str, Any]], *, format: FigureFormat = "svg") -> bytes:
    """Lines: how findable private photos are, as more and more people protect theirs.

    Args:
        mixed: ``report.json``'s `mixed`: adoption, exposure@10, album_leak@10.
        format: "svg" or "png".

    Returns:
        The file.
    """
    _need(mixed, "mixed")
    points = sorted(mixed, key=lambda point: point["adoption"])
    with house_style():
        figure = Figure(figsize=(5.2, 2.8), layout="constrained")
        left, right = figure.subplots(1, 2)
        _line(left, points, "exposure@10", index=0)
        left.set_ylim(bottom=0.0, top=max(1.0, left.get_ylim()[1]))
        _percent(left, "y", "")
        left.set_title("Exposure@10", loc="left", fontsize=10)
        _line(right, points, "album_leak@10", index=1)
        right.axhline(1.0, color=INK, linewidth=1.0, linestyle="--")
        right.set_ylim(bottom=0.0, top=max(2.0, right.get_ylim()[1]))
        right.yaxis.set_major_formatter("{x:g}×")
        right.set_title("Album leak@10 (1×: chance)", loc="left", fontsize=10)
        return figure_bytes(figure, format)


def survival_dots(survival: Sequence[Mapping[str, Any]], *, format: FigureFormat = "svg") -> bytes:
    """Dots: how much protection is left after each edit.

    Args:
        survival: ``report.json``'s `survival`: edit and psr_map_r by task.
        format: "svg" or "png".

    Returns:
        The file.
    """
    _need(survival, "survival")
    with house_style():
        figure, axes = _canvas(height=1.2 + 0.34 * len(survival), grid="x")
        tasks = list(survival[0]["psr_map_r"])
        for index, task in enumerate(tasks):
            entries = [row["psr_map_r"].get(task) for row in survival]
            _dots(
                axes,
                entries,
                index=index,
                shift=0.18 * (index - (len(tasks) - 1) / 2),
                label=_TASKS.get(task, task),
            )
        axes.set_yticks(range(len(survival)), [row["edit"] for row in survival])
        axes.invert_yaxis()
        axes.set_xlim(min(0.0, axes.get_xlim()[0]), max(1.02, axes.get_xlim()[1]))
        _percent(axes, "x", "protected share left (PSR, mAP at R)")
        _legend(axes, len(tasks))
        return figure_bytes(figure, format)


def _need(data: Mapping[str, Any] | Sequence[Any], name: str) -> None:
    if not data:
        raise UsageError(f"a figure needs at least one measurement, but {name} is empty; leave it out")


def _canvas(*, height: float, grid: Literal["x", "y"] = "y") -> tuple[Figure, Axes]:
    figure = Figure(figsize=(5.2, height), layout="constrained")
    axes = figure.subplots()
    axes.grid(axis=grid)
    return figure, axes


def _bars(axes: Axes, x: Any, entries: Sequence[Entry], width: float, index: int, label: str) -> None:
    values, below, above = _columns(entries)
    axes.bar(
        x,
        values,
        width * 0.92,
        color=COLOURS[index % len(COLOURS)],
        label=label,
        yerr=(below, above),
        error_kw={"ecolor": INK, "elinewidth": 1.0, "capsize": 2},
    )


def _dots(axes: Axes, entries: Sequence[Entry], *, index: int, shift: float, label: str) -> None:
    values, below, above = _columns(entries)
    axes.errorbar(
        values,
        np.arange(len(values)) + shift,
        xerr=(below, above),
        fmt=MARKERS[index % len(MARKERS)],
        color=COLOURS[index % len(COLOURS)],
        markersize=5,
        elinewidth=1.2,
        label=label or None,
    )


def _line(axes: Axes, points: Sequence[Mapping[str, Any]], key: str, *, index: int) -> None:
    values, below, above = _columns([point[key] for point in points])
    axes.grid(axis="y")
    axes.errorbar(
        range(len(points)),
        values,
        yerr=(below, above),
        fmt=f"-{MARKERS[index]}",
        color=COLOURS[index],
        markersize=5,
        elinewidth=1.2,
    )
    axes.set_xticks(range(len(points)), [f"{100 * point['adoption']:g} %" for point in points])
    axes.margins(x=0.15, y=0.15)
    axes.set_xlabel("photos protected")


def _columns(entries: Sequence[Entry]) -> tuple[Any, Any, Any]:
    """Values and the lengths of their error bars; what was not measured is NaN, which is not drawn."""
    measures = [Measure.parse(entry) or Measure(float("nan")) for entry in entries]
    values = np.array([m.value for m in measures])
    below = np.array([m.value - (m.value if m.low is None else m.low) for m in measures])
    above = np.array([(m.value if m.high is None else m.high) - m.value for m in measures])
    return values, below.clip(min=0.0), above.clip(min=0.0)


def _edges(entry: Entry) -> list[float]:
    measure = Measure.parse(entry)
    found = (measure.value, measure.low, measure.high) if measure else ()
    return [edge for edge in found if edge is not None]


def _percent(axes: Axes, which: Literal["x", "y"], label: str, *, sign: str = " %") -> None:
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_formatter(lambda value, _: f"{round(100 * value, 3):g}{sign}")
    axis.set_label_text(label)


def _legend(axes: Axes, columns: int) -> None:
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=columns, borderaxespad=0.2, handletextpad=0.5)
