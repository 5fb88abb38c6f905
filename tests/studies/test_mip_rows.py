from __future__ import annotations

from typing import Any

import pytest

from unfind.studies.mip_grid import Cell, Grid
from unfind.studies.mip_rows import (
    PAPER,
    PUBLISHED,
    SCORE,
    STRICT,
    SUCCESS,
    mean_of,
    published_crafting,
    published_rows,
    published_stealth,
    score_rows,
    table,
)

FACTS: dict[str, Any] = {"method": "pbl", "protocol": STRICT, "task": "c2p", "metric": "map_r", "measure": SCORE}


@pytest.fixture(scope="module")
def rows(grid: Grid) -> list[dict[str, Any]]:
    return score_rows(grid, [Cell("pbl"), Cell("cbl", changes={"ratio": 0.5})])


def test_each_row_is_one_number_of_a_report(grid: Grid, rows: list[dict[str, Any]]) -> None:
    report = grid.report(Cell("pbl"), 0)
    for protocol, part in ((STRICT, report), (PAPER, report["paper"])):
        for task, metrics in part["protected_model"].items():
            for metric, entry in metrics.items():
                where = {"method": "pbl", "protocol": protocol, "task": task, "metric": metric, "measure": SCORE}
                assert mean_of(rows, **where) == entry["value"]
    success = report["psr"]["p2c"]["map_r"]["value"]
    assert mean_of(rows, **{**FACTS, "task": "p2c", "measure": SUCCESS}) == success


def test_protocols_keep_their_own_metrics(rows: list[dict[str, Any]]) -> None:
    metrics = {p: {row["metric"] for row in rows if row["protocol"] == p} for p in (STRICT, PAPER)}
    assert "map_r" in metrics[STRICT] - metrics[PAPER]
    assert "map_c" in metrics[PAPER] - metrics[STRICT]


def test_the_clean_model_is_there_once_and_changes_are_facts(rows: list[dict[str, Any]]) -> None:
    clean = [row for row in rows if row["method"] == "clean" and row["metric"] == "map_r"]
    assert [(row["task"], row["trigger"]) for row in clean] == [("c2c", "")]
    assert {row["ratio"] for row in rows if row["method"] == "cbl"} == {0.5}
    assert all("ratio" not in row for row in rows if row["method"] == "pbl")


def test_means_are_over_seeds_and_leave_out_what_was_not_measured() -> None:
    rows = [{**FACTS, "seed": seed, "value": value} for seed, value in enumerate((0.1, None, 0.4))]
    assert mean_of(rows, **FACTS) == pytest.approx(0.25)
    assert mean_of(rows, **FACTS, seed=1) is None
    assert mean_of(rows, **{**FACTS, "task": "p2p"}) is None
    assert mean_of(rows, **FACTS, ratio=None) == pytest.approx(0.25)  # a fact that no row has


def test_tables_show_means_in_per_cent() -> None:
    rows = [{**FACTS, "seed": seed, "ratio": 0.05, "value": value} for seed, value in enumerate((0.1, 0.4))]
    rows.append({**FACTS, "seed": 0, "metric": "nmi", "task": "p2p", "value": None})
    head, body = table(rows, ("method", "ratio", "task"), ("map_r", "nmi"), protocol=STRICT)
    assert head == ["method", "ratio", "task", "map_r", "nmi"]
    assert body == [["pbl", "0.05", "c2p", "25.00", "-"], ["pbl", "", "p2p", "-", "-"]]
    assert table(rows, ("method",), ("map_r",), protocol=PAPER) == (["method", "map_r"], [])


def test_tables_of_other_numbers_show_them_as_they_are() -> None:
    rows = [{"method": "a", "metric": "milliseconds", "value": value} for value in (1.5, 2.5)]
    assert table(rows, ("method",), ("milliseconds",), per_cent=False)[1] == [["a", "2.00"]]


def test_published_times_are_those_of_table_1() -> None:
    rows = published_crafting()
    assert len(rows) == 8
    assert mean_of(rows, method="stegastamp", device="Xiaomi 10") == 1003
    assert {row["protocol"] for row in rows} == {PUBLISHED}


def test_published_stealth_is_that_of_table_4() -> None:
    rows = published_stealth()
    assert len(rows) == 12
    assert mean_of(rows, trigger="hdm", metric="psnr", protocol=PUBLISHED) == 42.71


def test_scores_carry_their_intervals(grid: Grid) -> None:
    rows = score_rows(grid, [Cell("pbl")])
    for row in rows:
        if row["measure"] == SCORE:
            assert row["low"] <= row["value"] <= row["high"]
    assert any(row["low"] < row["high"] for row in rows if row["measure"] == SUCCESS and row["value"] is not None)


def test_published_rows_are_of_the_same_backbone_or_of_resnet_50() -> None:
    own = published_rows("cub200/test", "torchvision:googlenet")
    other = published_rows("cub200/test", "tiny")
    assert {row["backbone"] for row in own} == {"inception-v1"}
    assert {row["backbone"] for row in other} == {"resnet50"}
    assert {row["protocol"] for row in own} == {PUBLISHED}
    assert mean_of(other, method="pbl", task="c2p", metric="map_c") == pytest.approx(0.0027)
    assert published_rows("waves/test", "tiny") == []
