from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unfind.gallery.arrow import arrow_schema, to_arrow
from unfind.gallery.exact_search import QUERIES_AT_ONCE, exact_search, settle_code_distances
from unfind.gallery.lance_table import create_table
from unfind.gallery.record import Record


def slow_search(ids: list[str], rows: np.ndarray, query: np.ndarray, k: int) -> list[str]:
    """The definition: score each row by itself, sort by score and then by id."""
    scored = [(-float(np.dot(row.astype(np.float64), query)), name) for name, row in zip(ids, rows, strict=True)]
    return [name for _, name in sorted(scored)[:k]]


@pytest.fixture
def filled(tmp_path: Path, record: Callable[..., Record]) -> Callable[[np.ndarray, int], tuple[Any, list[str]]]:
    """A table of these rows, added in parts so that it has several files; and the rows' ids."""

    def make(rows: np.ndarray, parts: int = 3) -> tuple[Any, list[str]]:
        table = create_table(tmp_path, arrow_schema(rows.shape[1]))
        records = [record(f"{i}.jpg", row) for i, row in enumerate(rows)]
        for part in np.array_split(np.arange(len(records)), parts):
            table.add(to_arrow([records[i] for i in part], rows.shape[1]))
        return table, [r.id for r in records]

    return make


@pytest.mark.parametrize("k", [1, 7, 60, 200])
@pytest.mark.parametrize("queries", [1, 2, 9])
def test_search_equals_the_definition(filled: Any, unit: Callable[..., np.ndarray], k: int, queries: int) -> None:
    rows = unit(60, seed=1)
    table, ids = filled(rows, 3)
    asked = unit(queries, seed=2)
    found = exact_search(table, asked, k, ())
    assert [[row["id"] for row in answer] for answer in found] == [slow_search(ids, rows, q, k) for q in asked]
    for query, answer in zip(asked, found, strict=True):
        for row in answer:
            assert 1 - row["_distance"] == pytest.approx(rows[ids.index(row["id"])] @ query, abs=1e-5)


def test_more_queries_than_one_scan_keep_their_order(filled: Any, unit: Callable[..., np.ndarray]) -> None:
    rows = unit(30, seed=1)
    table, ids = filled(rows, 1)
    asked = unit(QUERIES_AT_ONCE + 3, seed=2)
    found = exact_search(table, asked, 2, ())
    assert [[row["id"] for row in answer] for answer in found] == [slow_search(ids, rows, q, 2) for q in asked]


@pytest.mark.parametrize("k", [1, 3, 10, 31, 40])
def test_rows_on_one_point_come_by_id_also_across_the_cut(filled: Any, unit: Callable[..., np.ndarray], k: int) -> None:
    rows = np.concatenate([np.tile(unit(1, seed=3), (30, 1)), unit(6, seed=4)])
    table, ids = filled(rows, 4)
    [found, again] = exact_search(table, np.concatenate([rows[:1], rows[:1]]), k, ())
    expected = [*sorted(ids[:30]), *slow_search(ids[30:], rows[30:], rows[0], 6)][:k]
    assert [row["id"] for row in found] == expected
    assert found == again


def test_wanted_columns_come_along_and_no_others(filled: Any, unit: Callable[..., np.ndarray]) -> None:
    table, _ = filled(unit(4), 1)
    [[row]] = exact_search(table, unit(1), 1, ("id", "path", "width"))
    assert set(row) == {"id", "_distance", "path", "width"}


def test_empty_table_gives_empty_answers(filled: Any, unit: Callable[..., np.ndarray]) -> None:
    table, _ = filled(np.empty((0, 8), np.float32), 1)
    assert exact_search(table, unit(3), 5, ()) == [[], [], []]
    assert exact_search(table, unit(1), 5, ()) == [[]]


@pytest.mark.parametrize("bits", [8, 24, 32, 48, 64, 128])
@pytest.mark.parametrize("k", [1, 5, 40])
def test_codes_come_by_hamming_distance_and_then_by_id(filled: Any, bits: int, k: int) -> None:
    random = np.random.default_rng(bits)
    codes = random.integers(0, 2, (60, bits)) * 2 - 1
    codes[20:30] = codes[0]
    codes[30:40, : bits // 2] = codes[0, : bits // 2]
    rows = (codes / np.sqrt(bits)).astype(np.float32)
    table, ids = filled(rows, 3)
    for query, answer in zip(codes[:9], exact_search(table, rows[:9], k, ()), strict=True):
        differ = {name: int((row != query).sum()) for name, row in zip(ids, codes, strict=True)}
        assert [row["id"] for row in answer] == sorted(ids, key=lambda name: (differ[name], name))[:k]
        assert [row["_distance"] for row in answer] == [2 * differ[row["id"]] / bits for row in answer]


def test_embeddings_that_are_no_codes_keep_their_distances() -> None:
    grey, code = np.full(3, 3**-0.5, np.float32), np.full(8, 8**-0.5, np.float32)
    for query, distance in ((grey, 0.1234567), (code, 0.3), (np.eye(8, dtype=np.float32)[0], 0.2500001)):
        rows = [{"_distance": distance}, {"_distance": 0.5}]
        settle_code_distances(query, rows)
        assert [row["_distance"] for row in rows] == [distance, 0.5]
    rows = [{"_distance": 0.2500001}, {"_distance": 0.4999999}]
    settle_code_distances(code, rows)
    assert [row["_distance"] for row in rows] == [0.25, 0.5]
    settle_code_distances(code, [])
