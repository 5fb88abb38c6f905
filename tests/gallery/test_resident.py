from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.gallery.arrow import to_arrow
from unfind.gallery.filter import EVERYTHING, Filter
from unfind.gallery.ids import content_id
from unfind.gallery.record import Record
from unfind.gallery.resident import FACTS, Resident, resident_columns


@pytest.fixture
def table(record: Callable[..., Record]) -> Callable[..., pa.Table]:
    """Rows as the engine hands them over, named by numbers."""

    def make(rows: np.ndarray, first: int = 0, **changes: Any) -> pa.Table:
        kind = "cosine" if rows.dtype == np.float32 else "hamming"
        records = [record(str(first + i), row, **changes) for i, row in enumerate(rows)]
        return to_arrow(records, rows.shape[1] * (1 if kind == "cosine" else 8), kind).select(list(resident_columns()))

    return make


def ids_of(found: list[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in found]


def slow(rows: dict[str, np.ndarray], query: np.ndarray, k: int) -> list[str]:
    """The definition, photo by photo."""
    if query.dtype == np.float32:
        scored = [(np.float32(1 - np.dot(row, query)), name) for name, row in rows.items()]
    else:
        scored = [(float(np.unpackbits(row ^ query).sum()), name) for name, row in rows.items()]
    return [name for _, name in sorted(scored)[:k]]


@pytest.mark.parametrize("k", [1, 5, 40, 90])
@pytest.mark.parametrize("kind", ["cosine", "hamming"])
def test_search_equals_the_definition(table: Any, unit: Callable[..., np.ndarray], kind: str, k: int) -> None:
    draw = np.random.default_rng(2)
    rows = unit(40) if kind == "cosine" else draw.integers(0, 256, (40, 4), np.uint8)
    queries = unit(3, seed=5) if kind == "cosine" else draw.integers(0, 256, (3, 4), np.uint8)
    resident = Resident(table(rows), kind, 8 if kind == "cosine" else 32)  # type: ignore[arg-type]
    named = {content_id(str(i).encode()): row for i, row in enumerate(rows)}
    found = resident.nearest(queries, k, EVERYTHING)
    assert [ids_of(answer) for answer in found] == [slow(named, query, k) for query in queries]
    assert set(found[0][0]) == {*FACTS, "_distance"}


def test_filters_are_met(table: Any, unit: Callable[..., np.ndarray]) -> None:
    resident = Resident(table(unit(6), owner="ada"), "cosine", 8)
    resident.put(table(unit(6, seed=1), first=6, owner="ben", added=datetime(2025, 1, 1, tzinfo=UTC)))
    [found] = resident.nearest(unit(1), 20, Filter(owner="ben"))
    assert {row["owner"] for row in found} == {"ben"}
    assert len(found) == 6
    [late] = resident.nearest(unit(1), 20, Filter(added_from=datetime(2025, 1, 1, tzinfo=UTC)))
    assert sorted(ids_of(late)) == sorted(ids_of(found))
    assert resident.nearest(unit(1), 20, Filter(owner="cy")) == [[]]


def test_rows_are_replaced_and_dropped_and_memory_forgets(table: Any, unit: Callable[..., np.ndarray]) -> None:
    rows = unit(10)
    resident = Resident(table(rows), "cosine", 8)
    resident.put(table(-rows[:1]))
    [best] = resident.nearest(-rows[:1], 1, EVERYTHING)
    assert best[0]["_distance"] == pytest.approx(0, abs=1e-6)
    assert len(resident) == 10
    gone = content_id(b"4")
    resident.drop([gone, content_id(b"never")])
    assert len(resident) == 9
    assert gone not in ids_of(resident.nearest(rows[4:5], 20, EVERYTHING)[0])
    assert rows[4].tobytes() not in resident._state.vectors.tobytes()


def test_many_dropped_rows_are_packed_away(table: Any, unit: Callable[..., np.ndarray]) -> None:
    resident = Resident(table(unit(50)), "cosine", 8)
    resident.drop(content_id(str(i).encode()) for i in range(30))
    assert resident._state.count == 20
    [found] = resident.nearest(unit(1), 50, EVERYTHING)
    assert sorted(ids_of(found)) == sorted(content_id(str(i).encode()) for i in range(30, 50))
    resident.put(table(unit(3, seed=9), first=100))
    assert len(resident) == 23


def test_equal_rows_come_by_id_wherever_they_lie(table: Any, unit: Callable[..., np.ndarray]) -> None:
    rows = np.tile(unit(1, dimension=67), (301, 1))
    resident = Resident(table(rows[:130]), "cosine", 67)
    resident.put(table(rows[130:], first=130))
    expected = sorted(content_id(str(i).encode()) for i in range(301))
    for k in (1, 64, 300):
        assert ids_of(resident.nearest(rows[:1], k, EVERYTHING)[0]) == expected[:k]


def test_an_empty_one_can_be_filled(table: Any, unit: Callable[..., np.ndarray]) -> None:
    resident = Resident(table(unit(0)), "cosine", 8)
    assert resident.nearest(unit(2), 3, EVERYTHING) == [[], []]
    resident.put(table(unit(2)))
    assert len(resident.nearest(unit(1), 3, EVERYTHING)[0]) == 2


def test_more_queries_than_are_scored_at_once(
    table: Any, unit: Callable[..., np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    resident = Resident(table(unit(40)), "cosine", 8)
    whole = resident.nearest(unit(9, seed=3), 4, EVERYTHING)
    monkeypatch.setattr("unfind.gallery.resident.MAX_SCORE_BYTES", 4 * 40 * 2)
    assert resident.nearest(unit(9, seed=3), 4, EVERYTHING) == whole


def test_searches_run_while_rows_come_and_go(table: Any, unit: Callable[..., np.ndarray]) -> None:
    fixed = unit(20)
    resident = Resident(table(fixed), "cosine", 8)
    failures: list[BaseException] = []
    done = threading.Event()

    def search() -> None:
        try:
            while not done.is_set():
                for number in (0, 7, 19):
                    [[best]] = resident.nearest(fixed[number : number + 1], 1, EVERYTHING)
                    assert best["id"] == content_id(str(number).encode())
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for turn in range(60):
        resident.put(table(unit(5, seed=turn + 10), first=100))
        resident.drop(content_id(str(100 + i).encode()) for i in range(5))
    done.set()
    for thread in threads:
        thread.join()
    assert failures == []


@settings(deadline=None, max_examples=40)
@given(
    steps=st.lists(
        st.tuples(st.booleans(), st.lists(st.integers(0, 9), min_size=1, max_size=5, unique=True)), max_size=8
    )
)
def test_any_order_of_changes_gives_what_a_dictionary_would(steps: list[tuple[bool, list[int]]]) -> None:
    def rows(numbers: list[int], turn: int) -> pa.Table:
        now = datetime(2024, 1, 1, tzinfo=UTC)
        vectors = np.random.default_rng([turn, *numbers]).integers(0, 256, (len(numbers), 2), np.uint8)
        records = [
            Record(content_id(str(n).encode()), "p", 1, 1, 1, now, v) for n, v in zip(numbers, vectors, strict=True)
        ]
        return to_arrow(records, 16, "hamming").select(list(resident_columns()))

    resident, model = Resident(rows([], 0), "hamming", 16), {}
    for turn, (put, numbers) in enumerate(steps):
        ids = [content_id(str(n).encode()) for n in numbers]
        if put:
            table = rows(numbers, turn)
            resident.put(table)
            model.update(zip(ids, (np.array(v, np.uint8) for v in table["vector"].to_pylist()), strict=True))
        else:
            resident.drop(ids)
            for photo_id in ids:
                model.pop(photo_id, None)
        query = np.array([turn, 255 - turn], np.uint8)
        assert ids_of(resident.nearest(query[None], 4, EVERYTHING)[0]) == slow(model, query, 4)
