"""The four-task table."""

from __future__ import annotations

from typing import Any

import pytest

from unfind.cli.tasks_table import ROWS, SHOWN, task_rows


@pytest.fixture
def report() -> dict[str, Any]:
    def values(start: float) -> dict[str, Any]:
        return {name: {"value": start + i / 100, "low": 0, "high": 1} for i, name in enumerate(SHOWN)}

    tasks = {task: values(0.1 * i) for i, task in enumerate(ROWS)}
    psr = {task: {"map_r": {"value": 0.987, "low": 0.9, "high": 1.0}} for task in ("c2p", "p2c", "p2p")}
    return {"clean_model": {"c2c": values(0.5)}, "protected_model": tasks, "psr": psr}


def test_one_row_for_the_clean_model_and_one_for_each_task(report: dict[str, Any]) -> None:
    head, rows = task_rows(report)
    assert head == ["task", *SHOWN, "PSR map_r"]
    assert [row[0] for row in rows] == ["clean model C→C", *ROWS.values()]
    assert all(len(row) == len(head) for row in rows)


def test_cells_are_per_cent(report: dict[str, Any]) -> None:
    _, rows = task_rows(report)
    assert rows[0][1:-1] == ["50.00", "51.00", "52.00", "53.00", "54.00", "55.00"]
    assert rows[2][1] == "10.00"


def test_only_private_tasks_have_a_success_rate(report: dict[str, Any]) -> None:
    _, rows = task_rows(report)
    assert [row[-1] for row in rows] == ["", "", "98.70", "98.70", "98.70"]


def test_what_was_not_measured_is_a_dash_or_nothing(report: dict[str, Any]) -> None:
    report["protected_model"]["p2p"]["nmi"] = None
    report["psr"]["p2p"]["map_r"] = None
    _, rows = task_rows(report)
    assert rows[-1][5] == "-"
    assert rows[-1][-1] == ""
