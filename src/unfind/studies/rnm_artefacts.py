"""Every table and figure of the RNM paper: its rows and its plot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from unfind.cloaks.brightness import Brightness
from unfind.cloaks.choose import make_cloak
from unfind.cloaks.mosaic import Mosaic
from unfind.cloaks.noise import Noise
from unfind.cloaks.pace import Pace
from unfind.cloaks.transparency import Transparency
from unfind.report.captioned import captioned
from unfind.report.figure_style import FigureFormat
from unfind.report.panels import Panel, panels
from unfind.studies.cloak_measures import TARGETED, convergence, targeted, untargeted
from unfind.studies.cloak_trial import Trials, psnr
from unfind.studies.heatmaps import LOUD, heat_rows
from unfind.studies.published_rnm import published
from unfind.studies.rnm_grid import RnmGrid

Row = dict[str, Any]
Draw = Callable[[FigureFormat], bytes]
ORIGINAL, LOWEST = "original", "lowest possible"
MEASURED, PUBLISHED = "measured", "published"
TAUS = (0.01, 0.02, 0.03, 0.04, 0.05)
PICTURE_TAUS = TAUS[:4]
TABLE_2 = ("noise", "tanh-p2p", "rnm-p2p")
TABLE_2_BITS = 24
TABLE_3 = ("noise", "tanh-p2p", "rnm-p2p", "hag")
SHOWN = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 1500, 2000)
"""Iterations at which figure 2 is drawn; the rows hold all."""


@dataclass(frozen=True)
class Artefact:
    """One table or figure.

    Attributes:
        title: what it shows.
        measure: rows and a way to draw them.
        keys: facts that tell the lines of its printed table apart.
        metrics: columns of the printed table.
    """

    title: str
    measure: Callable[[RnmGrid], tuple[list[Row], Draw]]
    keys: Sequence[str]
    metrics: Sequence[str]


def mean_of(rows: Sequence[Row], metric: str, **facts: Any) -> float | None:
    """The mean over seeds of what rows with these facts say; None where there is none."""
    found = [
        row["value"]
        for row in rows
        if row["metric"] == metric and all(row.get(name) == value for name, value in facts.items())
    ]
    return float(np.mean(found)) if found else None


def _flat(measured: Sequence[Row], seed: int, metrics: Sequence[str]) -> list[Row]:
    """One number in each row."""
    facts = ("method", "bits", "budget")
    return [
        {"seed": seed, **{key: row[key] for key in facts}, "source": MEASURED, "metric": metric, "value": row[metric]}
        for row in measured
        for metric in metrics
        if metric in row
    ]


def _printed(table: int, grid: RnmGrid) -> list[Row]:
    name = grid.ground(grid.request.seeds[0]).split.test.name
    return [
        {"seed": None, "method": one.method, "bits": one.bits, "budget": one.budget, "source": PUBLISHED,
         "metric": one.metric, "value": one.value}
        for one in published(table, name)
    ]  # fmt: skip


def _original(trials: Trials, seed: int) -> Row:
    scene = trials.scene
    return {"seed": seed, "method": ORIGINAL, "bits": scene.own.shape[1], "budget": 0.0, "source": MEASURED,
            "metric": "map", "value": scene.map(scene.own)}  # fmt: skip


def _each(grid: RnmGrid) -> list[tuple[int, Trials]]:
    return [(seed, grid.trials(seed, bits)) for seed in grid.request.seeds for bits in grid.request.bits]


def _by_bits(rows: list[Row], grid: RnmGrid, metric: str, methods: Sequence[str]) -> Draw:
    bits = list(grid.request.bits)
    series: dict[str, list[float | None]] = {
        name: [mean_of(rows, metric, method=name, bits=one, source=MEASURED) for one in bits] for name in methods
    }
    series[f"{ORIGINAL} (MAP)"] = [mean_of(rows, "map", method=ORIGINAL, bits=one, source=MEASURED) for one in bits]
    part = Panel(metric.replace("_", "-").upper(), [str(one) for one in bits], series)
    return lambda format: panels([part], kind="bar", x="bits", columns=1, format=format)


def _table_1(grid: RnmGrid) -> tuple[list[Row], Draw]:
    rows = []
    for seed, trials in _each(grid):
        rows.append(_original(trials, seed))
        found = targeted(trials, grid.request.queries, TARGETED, grid.pace())
        rows += _flat(found, seed, ("t_map", "distance", "psnr"))
    return rows + _printed(1, grid), _by_bits(rows, grid, "t_map", TARGETED)


def _table_2(grid: RnmGrid) -> tuple[list[Row], Draw]:
    bits = TABLE_2_BITS if TABLE_2_BITS in grid.request.bits else grid.request.bits[0]
    rows: list[Row] = []
    for seed in grid.request.seeds:
        for tau in TAUS:
            found = targeted(grid.trials(seed, bits), grid.request.queries, TABLE_2, grid.pace(tau))
            rows += _flat(found, seed, ("t_map", "psnr"))
    series = {name: [mean_of(rows, "t_map", method=name, budget=tau) for tau in TAUS] for name in TABLE_2}
    part = Panel("T-MAP", [f"{tau:g}" for tau in TAUS], series)
    return rows + _printed(2, grid), lambda format: panels([part], x="τ", columns=1, format=format)


def _table_3(grid: RnmGrid) -> tuple[list[Row], Draw]:
    rows = []
    for seed, trials in _each(grid):
        original = _original(trials, seed)
        rows += [original, {**original, "method": LOWEST, "value": trials.scene.floor(grid.request.queries)}]
        rows += _flat(untargeted(trials, grid.request.queries, TABLE_3, grid.pace()), seed, ("map", "distance", "psnr"))
    return rows + _printed(3, grid), _by_bits(rows, grid, "map", TABLE_3)


def _figure_2(grid: RnmGrid) -> tuple[list[Row], Draw]:
    rows: list[Row] = []
    for seed, trials in _each(grid):
        facts = {"seed": seed, "bits": trials.scene.own.shape[1], "source": MEASURED, "metric": "distance"}
        for way in convergence(trials, grid.request.slow):
            for iteration, value in enumerate(way["curve"]):
                rows.append({**facts, "method": way["method"], "iteration": iteration, "value": value,
                             "second": way["clock"][iteration]})  # fmt: skip
    methods = list(dict.fromkeys(row["method"] for row in rows))
    parts = [
        Panel(f"{bits} bits", [str(x) for x in SHOWN], {
            name: [_reached(rows, name, bits, x) for x in SHOWN] for name in methods
        })
        for bits in grid.request.bits
    ]  # fmt: skip
    return rows, lambda format: panels(
        parts, x="iterations", y="bits from target", per_cent=False, columns=2, format=format
    )


def _reached(rows: Sequence[Row], method: str, bits: int, iteration: int) -> float | None:
    """The distance after an iteration; a way that ended with all photos arrived stays where it was."""
    way = [row for row in rows if (row["method"], row["bits"]) == (method, bits)]
    last = max(row["iteration"] for row in way)
    ended = last < iteration and mean_of(way, "distance", iteration=last) == 0.0
    return mean_of(way, "distance", iteration=last if ended else iteration)


def _figure_3(grid: RnmGrid) -> tuple[list[Row], Draw]:
    seed, bits = grid.request.seeds[0], grid.request.bits[-1]
    trials = grid.trials(seed, bits)
    scene, count = trials.scene, grid.request.queries
    pace = grid.pace()
    cloaks = {
        "mosaic": Mosaic(Pace()),
        "brightness": Brightness(Pace()),
        "transparency": Transparency(Pace()),
        "noise": Noise(Pace(budget=LOUD)),
        **{f"rnm, τ = {tau:g}": make_cloak("rnm", replace(pace, budget=tau)) for tau in PICTURE_TAUS},
    }
    rows = [_original(trials, seed)]
    pictures = {f"original\nMAP {100 * rows[0]['value']:.0f} %": scene.ground.query.pixels[0]}
    for name, cloak in cloaks.items():
        trial = trials.run(cloak, "away", count)
        score = {"map": scene.map(scene.codes_of(trial.pixels)), "psnr": psnr(scene, trial)}
        pictures[f"{name}\n{score['psnr']:.1f} dB, MAP {100 * score['map']:.0f} %"] = trial.pixels[0]
        found = {"method": name, "bits": bits, "budget": cloak.pace.budget if cloak.keeps_budget else None, **score}
        rows += _flat([found], seed, ("map", "psnr"))
    return rows, lambda format: captioned(pictures, format=format)


def _figure_4(grid: RnmGrid) -> tuple[list[Row], Draw]:
    rows, pictures = heat_rows(grid)
    columns = len(pictures) // len(grid.request.heat_backbones)  # a row for each model
    return rows, lambda format: captioned(pictures, columns=columns, format=format)


ARTEFACTS: dict[str, Artefact] = {
    "table-1": Artefact("t-MAP of targeted cloaks by bits", _table_1, ("method", "bits", "source"), ("t_map", "map")),
    "table-2": Artefact("t-MAP of targeted cloaks by τ", _table_2, ("method", "budget", "source"), ("t_map", "psnr")),
    "table-3": Artefact("MAP of non-targeted cloaks by bits", _table_3, ("method", "bits", "source"), ("map", "psnr")),
    "figure-2": Artefact("Hamming distance by iteration", _figure_2, ("method", "bits"), ()),
    "figure-3": Artefact("What methods do to a photo", _figure_3, ("method",), ("psnr", "map")),
    "figure-4": Artefact(
        "Where the model looks (Grad-CAM)", _figure_4, ("backbone", "method"), ("similarity", "distance")
    ),
}
"""By the paper's numbers."""
