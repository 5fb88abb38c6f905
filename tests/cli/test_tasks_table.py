"""The four-task table."""

from __future__ import annotations

from typing import Any

import pytest

from unfind.cli.tasks_table import PAPER, ROWS, SHOWN, paper_rows, published_rows, task_rows
from unfind.studies.published import published


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


def test_the_paper_protocol_has_a_table_of_its_own_metrics(report: dict[str, Any]) -> None:
    for part in (report["clean_model"], report["protected_model"]):
        for values in part.values():
            values["map_c"] = 0.175
    for values in report["psr"].values():
        values["map_c"] = 0.9
    head, rows = paper_rows(report)
    assert head == ["task", *PAPER, "PSR map_c"]
    assert "map_r" not in head
    assert rows[0][head.index("recall@4")] == "-"  # not in this report
    assert rows[1][head.index("map_c")] == "17.50"
    assert rows[-1][-1] == "90.00"


def test_published_figures_are_shown_as_printed() -> None:
    rows = [vars(row) for row in published("cub200", backbone="resnet50")]
    head, table = published_rows({"published": {"rows": rows}})
    assert head == ["model and task", *PAPER]
    assert table[0] == ["resnet50, clean c2c", "54.25", "66.66", "77.85", "17.54", "60.91", "28.38"]
    assert len(table) == 13
