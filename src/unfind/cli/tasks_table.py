"""The four-task table of a report, as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unfind.cli.output import percent

SHOWN = ("recall@1", "recall@8", "map", "map_r", "nmi", "f1")
ROWS = {
    "c2c": "protected model C→C: ordinary search",
    "c2p": "protected model C→P: finding protected photos",
    "p2c": "protected model P→C: searching with one",
    "p2p": "protected model P→P: one finding others",
}


def task_rows(report: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Head and rows: clean model, the four tasks, and the PSR of map_r."""
    head = ["task", *SHOWN, "PSR map_r"]
    clean = report["clean_model"]["c2c"]
    rows = [["clean model C→C", *(percent(clean.get(name)) for name in SHOWN), ""]]
    for task, title in ROWS.items():
        values = report["protected_model"][task]
        success = report["psr"].get(task, {}).get("map_r")
        rows.append([title, *(percent(values.get(name)) for name in SHOWN), percent(success) if success else ""])
    return head, rows
