"""The k best rows with an order that never depends on how an engine happens to store them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Row = dict[str, Any]


def cut_by_id(ask: Callable[[int], list[Row]], rows: list[Row], k: int, *, most: int | None = None) -> list[Row]:
    """Keep the k best rows; equal distances are ordered by id, also where the k-th place falls among them.

    Embeddings that have collapsed onto one point would otherwise be cut off in the order of storage.

    Args:
        ask: Gives the best rows up to a limit, for the same query.
        rows: Its answer to the limit k + 1: one row more shows whether the k-th place is shared.
        k: Rows wanted, at least 1.
        most: The largest limit that the engine takes; beyond it ties are cut as they came.

    Returns:
        At most k rows, best first.
    """
    limit = k + 1
    while len(rows) == limit and rows[-1]["_distance"] <= rows[k - 1]["_distance"] and limit != most:
        limit = 2 * limit if most is None else min(2 * limit, most)
        rows = ask(limit)
    return rows[:k]


def by_distance(rows: list[Row]) -> list[Row]:
    """Sort rows by ``_distance`` and then by id."""
    return sorted(rows, key=lambda row: (row["_distance"], row["id"]))
