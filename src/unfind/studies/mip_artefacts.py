"""Every table and figure of the MIP paper that can be measured: which models it needs, its rows and its plot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from unfind.defences.choose import FILTERS, MODEL_DEFENCES
from unfind.models.embed import embed_pixels
from unfind.report.figure_style import FigureFormat
from unfind.report.panels import Cloud, Hits, Panel, clouds, heat, hit_lists, panels
from unfind.studies.crafting import CLOAK, crafting_rows
from unfind.studies.defence_curves import NONE
from unfind.studies.evaluate import sample_by_class
from unfind.studies.mip_doubts import ALSO, CODEC, doubt_rows
from unfind.studies.mip_grid import Cell, Grid
from unfind.studies.mip_measures import defence_rows, hit_rows, layout_rows, stealth_rows, views_of
from unfind.studies.mip_rows import (
    MEASURED,
    SCORE,
    STRICT,
    SUCCESS,
    Row,
    mean_of,
    published_crafting,
    published_rows,
    published_stealth,
    score_rows,
)
from unfind.studies.views import PLAIN, TRIGGERED

Draw = Callable[[FigureFormat], bytes]
TASKS = {"c2c": "C→C", "c2p": "C→P", "p2c": "P→C", "p2p": "P→P"}
PRIVATE = ("c2p", "p2c", "p2p")
BETAS = GAMMAS = (0.1, 0.5, 1.0, 2.0)
"""Weights of figure 8; its axis is not printed in the text."""
RATIOS = (0.01, 0.05, 0.1, 0.2, 0.3)
"""Shares of triggered photos of figure 9."""
QUERIES = 3
"""Photos searched with in figure 10, each with and without the trigger."""


@dataclass(frozen=True)
class Artefact:
    """One table or figure.

    Attributes:
        title: what it shows.
        cells: the protected models it needs, given the triggers asked for.
        measure: rows and a way to draw them.
        keys: facts that tell the lines of its printed table apart.
        metrics: columns of the printed table, by protocol; empty where rows say it better.
        numbers: columns of the printed table of what is no score and has no protocol, such as milliseconds.
        also: names of runs that it fits beside its cells.
    """

    title: str
    cells: Callable[[Sequence[str]], list[Cell]]
    measure: Callable[[Grid, list[Cell], Sequence[str]], tuple[list[Row], Draw]]
    keys: Sequence[str] = ()
    metrics: Mapping[str, Sequence[str]] = field(default_factory=dict)
    numbers: Sequence[str] = ()
    also: Sequence[str] = ()


def methods(names: Sequence[str]) -> Callable[[Sequence[str]], list[Cell]]:
    """Each method with each trigger."""
    return lambda triggers: [Cell(name, trigger) for trigger in triggers for name in names]


def _one_trigger(names: Sequence[str]) -> Callable[[Sequence[str]], list[Cell]]:
    return lambda triggers: methods(names)(triggers[:1])


def _loss_terms(triggers: Sequence[str]) -> list[Cell]:
    without: list[dict[str, float]] = [{}, {"domain_weight": 0.0}, {"augmentation_weight": 0.0}]
    return [Cell("pbl", triggers[0], changes) for changes in without]


def _weights(triggers: Sequence[str]) -> list[Cell]:
    pairs = [(beta, gamma) for beta in BETAS for gamma in GAMMAS]
    return [Cell("pbl", triggers[0], {"domain_weight": b, "augmentation_weight": g}) for b, g in pairs]


def _ratios(triggers: Sequence[str]) -> list[Cell]:
    return [Cell(name, triggers[0], {"ratio": ratio}) for name in ("pbl", "cbl") for ratio in RATIOS]


def _crafting_table(grid: Grid, cells: list[Cell], triggers: Sequence[str]) -> tuple[list[Row], Draw]:
    rows = [*crafting_rows(grid, triggers), *published_crafting()]
    parts = [
        Panel(title, names, {"one photo": [mean_of(rows, method=name, metric="milliseconds") for name in names]})
        for title, names in (("triggers (ms)", triggers), ("cloak (ms)", (CLOAK,)))
    ]
    return rows, lambda format: panels(parts, kind="bar", per_cent=False, columns=2, format=format)


def _methods_table(grid: Grid, cells: list[Cell], triggers: Sequence[str]) -> tuple[list[Row], Draw]:
    dataset = grid.split(grid.request.seeds[0]).test.name
    rows = [*score_rows(grid, cells), *published_rows(dataset, grid.request.architecture.backbone)]
    parts = [
        Panel(
            f"PSR of map_r, {trigger}",
            [TASKS[task] for task in PRIVATE],
            {
                name: [
                    mean_of(rows, method=name, trigger=trigger, task=t, metric="map_r", measure=SUCCESS)
                    for t in PRIVATE
                ]
                for name in ("label", "pbl", "cbl")
            },
        )
        for trigger in triggers
    ]
    return rows, lambda format: panels(parts, kind="bar", y="protected share", columns=3, format=format)


def _stealth_table(grid: Grid, cells: list[Cell], triggers: Sequence[str]) -> tuple[list[Row], Draw]:
    rows = [*stealth_rows(grid, triggers), *published_stealth()]
    units = {"mse": "MSE (0..65025)", "psnr": "PSNR (dB)", "ssim": "SSIM"}
    parts = [
        Panel(
            title,
            triggers,
            {"written files": [mean_of(rows, trigger=t, metric=metric, protocol=MEASURED) for t in triggers]},
        )
        for metric, title in units.items()
    ]
    return rows, lambda format: panels(parts, kind="bar", per_cent=False, columns=3, format=format)


def _terms_table(grid: Grid, cells: list[Cell], triggers: Sequence[str]) -> tuple[list[Row], Draw]:
    named = {"L_i + L_d + L_p": {}, "without L_d": {"domain_weight": 0.0}, "without L_p": {"augmentation_weight": 0.0}}
    rows = score_rows(grid, cells)
    for row in rows:
        if row["method"] == "pbl":
            changed = {name: row[name] for name in ("domain_weight", "augmentation_weight") if name in row}
            row["terms"] = next(title for title, changes in named.items() if changes == changed)
    parts = [
        Panel(
            f"{metric}, strict",
            list(TASKS.values()),
            {
                title: [
                    mean_of(rows, terms=title, task=t, metric=metric, protocol=STRICT, measure=SCORE) for t in TASKS
                ]
                for title in named
            },
        )
        for metric in ("map_r", "nmi")
    ]
    return rows, lambda format: panels(parts, kind="bar", columns=2, format=format)


def _layouts(grid: Grid, cells: list[Cell], triggers: Sequence[str]) -> tuple[list[Row], Draw]:
    rows = layout_rows(grid, cells)
    parts = [
        Cloud(
            name,
            {
                kind: np.array(
                    [[row["x"], row["y"]] for row in rows if row["method"] == name and row["triggered"] is mark]
                )
                for kind, mark in (("clean", False), ("triggered", True))
            },
        )
        for name in ("clean", *(cell.method for cell in cells))
    ]
    return rows, lambda format: clouds(parts, format=format)


def _recalls(grid: Grid, cells: list[Cell], triggers: Sequence[str]) -> tuple[list[Row], Draw]:
    rows = score_rows(grid, cells)
    at = (1, 2, 4, 8)

    def line(facts: dict[str, Any], task: str) -> list[float | None]:
        return [mean_of(rows, task=task, metric=f"recall@{k}", protocol=STRICT, measure=SCORE, **facts) for k in at]

    named = {f"{cell.method}, {cell.trigger}": {"method": cell.method, "trigger": cell.trigger} for cell in cells}
    parts = [
        Panel(
            title,
            [str(k) for k in at],
            {
                "clean model C→C": line({"method": "clean"}, "c2c"),
                **{label: line(facts, task) for label, facts in named.items()},
            },
        )
        for task, title in TASKS.items()
    ]
    return rows, lambda format: panels(parts, x="N", y="Recall@N", format=format)


def _weights_figure(grid: Grid, cells: list[Cell], triggers: Sequence[str]) -> tuple[list[Row], Draw]:
    rows = score_rows(grid, cells)

    def value(beta: float, gamma: float, task: str) -> float:
        found = mean_of(
            rows,
            task=task,
            metric="map_r",
            protocol=STRICT,
            measure=SCORE,
            domain_weight=beta,
            augmentation_weight=gamma,
        )
        return np.nan if found is None else found

    parts = {title: np.array([[value(b, g, task) for g in GAMMAS] for b in BETAS]) for task, title in TASKS.items()}
    down, across = ([f"{weight:g}" for weight in weights] for weights in (BETAS, GAMMAS))
    return rows, lambda format: heat(parts, rows=down, columns=across, x="γ", y="β", format=format)


def _ratios_figure(grid: Grid, cells: list[Cell], triggers: Sequence[str]) -> tuple[list[Row], Draw]:
    rows = score_rows(grid, cells)
    parts = [
        Panel(
            f"{name}, NMI",
            [f"{100 * ratio:g}" for ratio in RATIOS],
            {
                title: [
                    mean_of(rows, method=name, ratio=r, task=task, metric="nmi", protocol=STRICT, measure=SCORE)
                    for r in RATIOS
                ]
                for task, title in TASKS.items()
            },
        )
        for name in ("pbl", "cbl")
    ]
    return rows, lambda format: panels(parts, x="triggered share of a batch (%)", y="NMI", columns=2, format=format)


def _hit_lists(grid: Grid, cells: list[Cell], triggers: Sequence[str]) -> tuple[list[Row], Draw]:
    """Top five of a few photos, searched with as they are and with the trigger, among clean photos."""
    seed, cell = grid.request.seeds[0], cells[0]
    views, encoder = views_of(grid, cell, seed), grid.models(cell, seed).protected
    plain, triggered = (embed_pixels(encoder, views.pixels[name]) for name in (PLAIN, TRIGGERED))
    photos, chosen = grid.split(seed).test, sample_by_class(views.labels, 4 * QUERIES, seed=seed)[::4]
    rows, lists = [], []
    for photo in (int(one) for one in chosen[:QUERIES]):
        for title, query, version in (("clean query", plain, PLAIN), ("triggered query", triggered, TRIGGERED)):
            hits = hit_rows(query[photo], plain, views.labels, photo)
            facts = {"seed": seed, "method": cell.method, "query": photos.files[int(views.kept[photo])], "by": title}
            rows += [{**facts, **hit, "hit": photos.files[int(views.kept[hit["hit"]])]} for hit in hits]
            found = [(views.pixels[PLAIN][hit["hit"]], bool(hit["right"])) for hit in hits]
            lists.append(Hits(title, views.pixels[version][photo], found))
    return rows, lambda format: hit_lists(lists, format=format)


def _defences(names: Sequence[str]) -> Callable[[Grid, list[Cell], Sequence[str]], tuple[list[Row], Draw]]:
    def measure(grid: Grid, cells: list[Cell], triggers: Sequence[str]) -> tuple[list[Row], Draw]:
        rows = defence_rows(grid, cells, names, most=grid.defended)
        parts = [_curve(rows, cell.method, name) for cell in cells for name in names]
        return rows, lambda format: panels(parts, y="F1", columns=len(names), format=format)

    return measure


def _curve(rows: list[Row], method: str, name: str) -> Panel:
    """F1 of the four tasks without the defence and along its curve, as in figures 11 and 12."""
    settings = dict.fromkeys(row["setting"] for row in rows if row["defence"] == name)
    points = [(NONE, None), *((name, setting) for setting in settings)]
    knob = next(row["knob"] for row in rows if row["defence"] == name)
    return Panel(
        f"{method}, {name} ({knob})",
        [NONE if setting is None else f"{setting:g}" for _, setting in points],
        {
            title: [
                mean_of(rows, method=method, defence=one, setting=s, task=task, metric="f1", measure=SCORE)
                for one, s in points
            ]
            for task, title in TASKS.items()
        },
    )


def _doubts(grid: Grid, cells: list[Cell], triggers: Sequence[str]) -> tuple[list[Row], Draw]:
    rows = doubt_rows(grid, cells)
    codec = [row for row in rows if row["doubt"] == CODEC and row["measure"] == SUCCESS and row["metric"] == "map_r"]
    models, versions = (list(dict.fromkeys(row[name] for row in codec)) for name in ("model", "photos"))
    parts = [
        Panel(
            f"PSR of map_r, {TASKS[task]}",
            versions,
            {model: [mean_of(codec, model=model, photos=one, task=task) for one in versions] for model in models},
        )
        for task in PRIVATE
    ]
    return rows, lambda format: panels(parts, kind="bar", y="hidden", columns=3, format=format)


_TABLE_2 = {
    "strict": ("recall@1", "nmi", "f1", "map_r"),
    "paper": ("recall@1", "nmi", "f1", "map_c"),
    "published": ("recall@1", "nmi", "f1", "map_c"),
}
_TABLE_3 = dict.fromkeys(_TABLE_2, ("recall@1", "recall@2", "recall@4"))
_BY_METHOD = ("method", "trigger", "task")
_NMI = {"strict": ("map_r", "nmi"), "paper": ("map_c", "nmi")}
_DEFENDED = ("method", "defence", "setting", "task")
_F1 = {"strict": ("recall@1", "map_r", "f1")}

ARTEFACTS: dict[str, Artefact] = {
    "table-1": Artefact(
        "Time to protect one photo: triggers and the HDM cloak",
        lambda triggers: [],
        _crafting_table,
        ("method", "protocol", "device", "iterations"),
        numbers=("milliseconds", "processor_milliseconds", "cloak_takes_times"),
    ),
    "table-2": Artefact(
        "Recall@1, NMI, F1 and mAP of every method",
        methods(("label", "pbl", "cbl")),
        _methods_table,
        _BY_METHOD,
        _TABLE_2,
    ),
    "table-3": Artefact(
        "Recall@1, 2 and 4 of every method", methods(("label", "pbl", "cbl")), _methods_table, _BY_METHOD, _TABLE_3
    ),
    "table-4": Artefact(
        "Stealth of the triggers",
        lambda triggers: [],
        _stealth_table,
        ("trigger", "protocol"),
        numbers=("mse", "psnr", "ssim"),
    ),
    "table-5": Artefact("PBL without one of its terms", _loss_terms, _terms_table, ("terms", "task"), _NMI),
    "figure-2": Artefact("Layout of embeddings (t-SNE)", _one_trigger(("label", "pbl", "cbl")), _layouts),
    "figure-6": Artefact(
        "Recall@N by trigger",
        methods(("pbl", "cbl")),
        _recalls,
        _BY_METHOD,
        dict.fromkeys(("strict", "paper"), ("recall@1", "recall@2", "recall@4", "recall@8")),
    ),
    "figure-8": Artefact(
        "mAP over β and γ", _weights, _weights_figure, ("domain_weight", "augmentation_weight", "task"), _NMI
    ),
    "figure-9": Artefact("NMI over the triggered share", _ratios, _ratios_figure, ("method", "ratio", "task"), _NMI),
    "figure-10": Artefact("Top five hits", _one_trigger(("pbl",)), _hit_lists),
    "figure-11": Artefact(
        "Under filters of the photos", _one_trigger(("pbl", "cbl")), _defences(tuple(FILTERS)), _DEFENDED, _F1
    ),
    "figure-12": Artefact(
        "Under changes of the model", _one_trigger(("pbl", "cbl")), _defences(tuple(MODEL_DEFENCES)), _DEFENDED, _F1
    ),
    "doubts": Artefact("What the published numbers hide", _one_trigger(("label", "pbl", "cbl")), _doubts, also=ALSO),
}
"""By the paper's numbers. Figure 12 shows pruning there; the other defences of models stand beside it here."""
