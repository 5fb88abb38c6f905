"""Exact nearest neighbours with an order that never depends on how the table happens to be stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unfind.models.codes import BITS_IN_A_BYTE

OFF_A_BIT = 1e-3
"""How far a distance in bits may be from a whole number; rounding leaves 5e-5 in the longest codes."""
QUERIES_AT_ONCE = 64
"""LanceDB plans one scan per query; more of them at once cost memory and bring no speed."""


def exact_search(
    table: Any, vectors: NDArray[np.float32], k: int, columns: Sequence[str]
) -> list[list[dict[str, Any]]]:
    """Find the k rows of largest inner product for each query by looking at every row.

    Equal scores are ordered by id, also where the k-th place falls among them: embeddings that have
    collapsed onto one point would otherwise be cut off in the order of storage.

    Args:
        table: A LanceDB table with the columns ``id`` and ``vector`` and no vector index.
        vectors: Queries, float32 (Q, D), Q >= 1.
        k: Rows wanted per query, at least 1.
        columns: Columns to return beside ``id`` and ``_distance`` (1 minus the inner product).

    Returns:
        For each query its min(k, N) rows, best first.
    """
    wanted = ["id", "_distance", *(name for name in columns if name != "id")]
    answers: list[list[dict[str, Any]]] = []
    for start in range(0, len(vectors), QUERIES_AT_ONCE):
        part = vectors[start : start + QUERIES_AT_ONCE]
        # One row more than asked for shows whether the k-th place is shared.
        for query, rows in zip(part, _nearest(table, part, k + 1, wanted), strict=True):
            answers.append(_cut(table, query, rows, k, wanted))
    return answers


def settle_code_distances(query: NDArray[np.float32], rows: list[dict[str, Any]]) -> None:
    """Make the distances of binary codes exact, in place.

    Codes over the root of their bits differ by a multiple of 2 / bits. A sum of rounded products is off by about
    1e-7, which never changes which of two is nearer, but splits items that are equally near. Embeddings that are no
    codes are left as they are.

    Args:
        query: float32 (D,).
        rows: with ``_distance``, 1 minus the inner product with the query.
    """
    bits = len(query)
    if bits % BITS_IN_A_BYTE or np.ptp(np.abs(query)):
        return
    differ = np.array([row["_distance"] for row in rows]) * bits / 2
    if np.abs(differ - np.rint(differ)).max(initial=0) > OFF_A_BIT:
        return
    for row, count in zip(rows, np.rint(differ), strict=True):
        row["_distance"] = 2 * float(count) / bits


def _cut(
    table: Any, query: NDArray[np.float32], rows: list[dict[str, Any]], k: int, wanted: list[str]
) -> list[dict[str, Any]]:
    limit = k + 1
    while len(rows) == limit and rows[-1]["_distance"] <= rows[k - 1]["_distance"]:
        limit *= 2
        [rows] = _nearest(table, query[None], limit, wanted)
    return rows[:k]


def _nearest(table: Any, vectors: NDArray[np.float32], limit: int, wanted: list[str]) -> Iterator[list[dict[str, Any]]]:
    query = vectors if len(vectors) > 1 else vectors[0]
    found = table.search(query).distance_type("dot").select(wanted).limit(limit).to_arrow()
    rows_of: list[list[dict[str, Any]]] = [[] for _ in vectors]
    for row in found.to_pylist():
        rows_of[row.pop("query_index", 0)].append(row)
    for vector, rows in zip(vectors, rows_of, strict=True):
        settle_code_distances(vector, rows)
        yield sorted(rows, key=lambda row: (row["_distance"], row["id"]))
