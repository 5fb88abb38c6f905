"""Measurements as flat rows, one number in each, ready for a table in any program."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from unfind.studies.mip_grid import Cell, Grid
from unfind.studies.published import CRAFTING, STEALTH, published

Row = dict[str, Any]
STRICT, PAPER, PUBLISHED = "strict", "paper", "published"
"""Protocols; rows of two of them are never averaged or shown in one column."""
MEASURED = "measured"
"""In place of a protocol, for what has none and stands beside published numbers."""
SCORE, SUCCESS = "score", "psr"


def score_rows(grid: Grid, cells: Sequence[Cell], *, once: Collection[Cell] = ()) -> list[Row]:
    """Every metric of every task of every cell and seed by both protocols, and the clean model's ordinary search.

    Args:
        grid: fits and measures what is missing.
        cells: which models.
        once: those of them that are fitted on the first seed alone.

    Returns:
        Rows with seed, method, trigger, what the cell changes, protocol, task, metric, measure ("score" or "psr", a
        fraction of what the clean model finds) and value in fractions, None where nothing could be measured, with the
        ends of its 95 % interval over queries in "low" and "high".
    """
    rows: list[Row] = []
    for seed in grid.request.seeds:
        wanted = [cell for cell in cells if cell not in once or seed == grid.request.seeds[0]]
        for place, cell in enumerate(wanted):
            report = grid.report(cell, seed)
            facts = {"seed": seed, **cell.facts}
            for protocol, part in ((STRICT, report), (PAPER, report["paper"])):
                if not place:
                    clean = {"seed": seed, "method": "clean", "trigger": ""}
                    rows += _rows(clean, protocol, SCORE, part["clean_model"])
                rows += _rows(facts, protocol, SCORE, part["protected_model"])
                rows += _rows(facts, protocol, SUCCESS, part["psr"])
    return rows


def published_rows(dataset: str, backbone: str) -> list[Row]:
    """The same of the published tables: the paper's own backbone where it is one of those, else its ResNet-50."""
    found = published(dataset, backbone=backbone) or published(dataset, backbone="resnet50")
    rows: list[Row] = []
    for one in found:
        facts = {"seed": None, "method": one.method, "trigger": "stegastamp" if one.method != "clean" else ""}
        facts["backbone"] = one.backbone
        rows += _rows(facts, PUBLISHED, SCORE, {one.task: one.metrics})
    return rows


def published_crafting() -> list[Row]:
    """The paper's Table 1 as rows; None where a device ran out of memory."""
    return [
        {
            "seed": None,
            "method": name,
            "protocol": PUBLISHED,
            "device": device,
            "metric": "milliseconds",
            "value": value,
        }
        for device, times in CRAFTING.items()
        for name, value in times.items()
    ]


def published_stealth() -> list[Row]:
    """The paper's Table 4 as rows."""
    return [
        {"seed": None, "trigger": name, "protocol": PUBLISHED, "metric": metric, "value": value}
        for name, metrics in STEALTH.items()
        for metric, value in metrics.items()
    ]


def _rows(facts: Row, protocol: str, measure: str, tasks: Mapping[str, Mapping[str, Any]]) -> list[Row]:
    return [
        {
            **facts,
            "protocol": protocol,
            "task": task,
            "metric": metric,
            "measure": measure,
            "value": value_of(entry),
            **({"low": float(entry["low"]), "high": float(entry["high"])} if isinstance(entry, Mapping) else {}),
        }
        for task, metrics in tasks.items()
        for metric, entry in metrics.items()
    ]


def value_of(entry: Any) -> float | None:
    """The number of a report's entry, without its interval."""
    if isinstance(entry, Mapping):
        return float(entry["value"])
    return None if entry is None else float(entry)


def mean_of(rows: Iterable[Row], **where: Any) -> float | None:
    """The mean value of the rows that hold all of these facts, over seeds; None where there is none.

    Args:
        rows: of any kind.
        where: facts by name; a fact that a row lacks is None.
    """
    values = [row["value"] for row in rows if all(row.get(name) == fact for name, fact in where.items())]
    values = [value for value in values if value is not None]
    return float(np.mean(values)) if values else None


def table(
    rows: Sequence[Row], keys: Sequence[str], metrics: Sequence[str], *, per_cent: bool = True, **where: Any
) -> tuple[list[str], list[list[str]]]:
    """Head and rows of a table for people: one line for each combination of keys, means over seeds.

    Args:
        rows: of any kind.
        keys: facts that tell lines apart.
        metrics: columns.
        per_cent: whether values are fractions, to be shown in per cent; else they are shown as they are.
        where: facts that all rows taken must have, such as protocol="strict".
    """
    taken = [row for row in rows if all(row.get(name) == fact for name, fact in where.items())]
    lines = dict.fromkeys(tuple(row.get(key) for key in keys) for row in taken if row["metric"] in metrics)
    body = []
    for line in lines:
        facts = dict(zip(keys, line, strict=True))
        values = [mean_of(taken, metric=metric, **facts) for metric in metrics]
        cells = ["" if fact is None else f"{fact:g}" if isinstance(fact, float) else str(fact) for fact in line]
        scale = 100 if per_cent else 1
        body.append([*cells, *("-" if value is None else f"{scale * value:.2f}" for value in values)])
    return [*keys, *metrics], body
