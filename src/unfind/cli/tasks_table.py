"""The four-task tables of a report, as text: one for each protocol, and what a paper printed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unfind.cli.output import percent

SHOWN = ("recall@1", "recall@8", "map", "map_r", "nmi", "f1")
PAPER = ("recall@1", "recall@2", "recall@4", "map_c", "nmi", "f1")
"""Metrics of the paper protocol, those that the published tables hold."""
ROWS = {
    "c2c": "protected model C→C: ordinary search",
    "c2p": "protected model C→P: finding protected photos",
    "p2c": "protected model P→C: searching with one",
    "p2p": "protected model P→P: one finding others",
}


def task_rows(report: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Head and rows: clean model, the four tasks, and the PSR of map_r."""
    return _rows(report, SHOWN, "map_r")


def paper_rows(section: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """The same of the "paper" section of a report, in the paper's own metrics, with the PSR of map_c."""
    return _rows(section, PAPER, "map_c")


def published_rows(section: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Head and rows of what the paper printed for the data set."""
    rows = [
        [f"{row['backbone']}, {row['method']} {row['task']}", *(percent(row["metrics"].get(name)) for name in PAPER)]
        for row in section["published"]["rows"]
    ]
    return ["model and task", *PAPER], rows


def _rows(found: Mapping[str, Any], metrics: tuple[str, ...], success: str) -> tuple[list[str], list[list[str]]]:
    clean = found["clean_model"]["c2c"]
    rows = [["clean model C→C", *(percent(clean.get(name)) for name in metrics), ""]]
    for task, title in ROWS.items():
        values = found["protected_model"][task]
        lost = found["psr"].get(task, {}).get(success)
        rows.append([title, *(percent(values.get(name)) for name in metrics), percent(lost) if lost else ""])
    return ["task", *metrics, f"PSR {success}"], rows
