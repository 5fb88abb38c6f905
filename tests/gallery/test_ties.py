from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.gallery.ties import Row, by_distance, cut_by_id


def rows_of(distances: list[int]) -> list[Row]:
    return [{"id": f"{i:03}", "_distance": float(d)} for i, d in enumerate(distances)]


@settings(deadline=None)
@given(distances=st.lists(st.integers(0, 3), max_size=40), k=st.integers(1, 45), seed=st.randoms())
def test_cut_equals_sorting_everything(distances: list[int], k: int, seed: object) -> None:
    stored = rows_of(distances)
    seed.shuffle(stored)  # type: ignore[attr-defined]

    def ask(limit: int) -> list[Row]:
        # An engine knows nothing of ids: among equals it gives whatever lies first.
        return by_distance(sorted(stored, key=lambda row: row["_distance"])[:limit])

    assert cut_by_id(ask, ask(k + 1), k) == by_distance(stored)[:k]


def test_nothing_more_is_asked_when_the_cut_is_clear() -> None:
    rows = rows_of([0, 1, 2])
    assert cut_by_id(lambda limit: pytest.fail("asked again"), rows, 2) == rows[:2]


def test_an_engine_with_a_limit_is_asked_up_to_it() -> None:
    asked: list[int] = []
    rows = rows_of([0] * 100)
    cut_by_id(lambda limit: (asked.append(limit), rows[:limit])[1], rows[:6], 5, most=20)
    assert asked == [12, 20]
