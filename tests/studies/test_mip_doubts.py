"""The rows that the page of doubts rests on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from unfind.evaluation.clustering import pair_f1
from unfind.studies import mip_doubts as module
from unfind.studies.mip_doubts import (
    ALBUM,
    CENTRES,
    CODEC,
    COLLAPSE,
    PROTOCOL,
    WEAK,
    album_rows,
    centre_rows,
    doubt_rows,
    embedding_rows,
    published_successes,
)
from unfind.studies.mip_grid import Cell, Grid
from unfind.studies.mip_rows import PAPER, PUBLISHED, SCORE, STRICT, SUCCESS, Row, mean_of, score_rows

CELLS = [Cell(method) for method in ("label", "pbl", "cbl")]


@pytest.fixture(scope="module")
def rows(grid: Grid) -> list[Row]:
    return doubt_rows(grid, CELLS)


def test_every_doubt_has_rows(rows: list[Row]) -> None:
    assert list(dict.fromkeys(row["doubt"] for row in rows)) == [CODEC, PROTOCOL, COLLAPSE, CENTRES, WEAK, ALBUM]


def test_nothing_is_measured_twice(grid: Grid, rows: list[Row], monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*args: Any, **more: Any) -> None:
        raise AssertionError("measured again")

    for name in ("codec_rows", "embedding_rows", "centre_rows"):
        monkeypatch.setattr(module, name, never)
    assert doubt_rows(grid, CELLS) == rows


def test_the_ends_are_those_of_both_protocols(grid: Grid, rows: list[Row]) -> None:
    scores = score_rows(grid, CELLS)
    for method in ("pbl", "cbl"):
        for task in ("c2c", "c2p", "p2c", "p2p"):
            ours = {"doubt": PROTOCOL, "method": method, "task": task, "measure": SCORE}
            theirs = {"method": method, "task": task, "measure": SCORE}
            paper = mean_of(scores, **theirs, protocol=PAPER, metric="map_c")
            assert mean_of(rows, **ours, metric="map_first_nc") == pytest.approx(paper)
            strict = mean_of(scores, **theirs, protocol=STRICT, metric="map_r")
            assert mean_of(rows, **ours, metric="map_own_r") == pytest.approx(strict, abs=1e-3)


def test_success_is_what_the_clean_model_loses_by_the_same_measure(grid: Grid) -> None:
    found = embedding_rows(grid, CELLS[1], 0)
    for metric in ("map_own_r", "map_first_nc", "recall@1_first"):
        clean = mean_of(found, method="clean", task="c2c", metric=metric, measure=SCORE)
        left = mean_of(found, method="pbl", task="p2p", metric=metric, measure=SCORE)
        assert mean_of(found, method="pbl", task="p2p", metric=metric, measure=SUCCESS) == pytest.approx(
            1 - left / clean
        )


def test_collapse_is_measured_on_both_sides(grid: Grid, rows: list[Row]) -> None:
    for method in ("label", "pbl", "cbl"):
        for photos in ("clean", "triggered"):
            facts = {"doubt": COLLAPSE, "method": method, "photos": photos}
            assert -1 <= mean_of(rows, **facts, metric="mean_cosine") <= 1
            assert 0 <= mean_of(rows, **facts, metric="effective_rank") <= 16
    labels = grid.split(0).test.labels
    one = mean_of(rows, doubt=COLLAPSE, metric="f1_of_one_cluster")
    assert one == pytest.approx(pair_f1(labels, np.zeros_like(labels)))


def test_centres_are_of_the_training_classes(grid: Grid) -> None:
    found = centre_rows(grid, 0)
    assert {row["model"] for row in found} == {"untrained head, as published", "clean model"}
    assert mean_of(found, metric="centres") == len(np.unique(grid.split(0).train.labels))
    assert 1 <= mean_of(found, metric="used") <= mean_of(found, metric="centres")


def test_the_album_is_that_of_the_reports(grid: Grid) -> None:
    found = album_rows(grid, CELLS)
    mixed = grid.report(CELLS[1], 0)["mixed"]
    assert len(found) == 3 * 2 * len(mixed)
    leak = mixed[0]["album_leak@10"]
    expected = None if leak is None else leak["value"]
    assert mean_of(found, method="pbl", adoption=mixed[0]["adoption"], metric="album_leak@10") == expected


def test_published_successes_are_those_of_the_tables() -> None:
    found = published_successes()
    assert len(found) == 4 * 2 * 3 * 3
    assert {row["protocol"] for row in found} == {PUBLISHED}
    cell = {"data": "cub200", "backbone": "resnet50", "method": "pbl", "task": "c2p"}
    assert mean_of(found, **cell) == pytest.approx(1 - 0.27 / 17.54)
