"""Exact nearest neighbours by a scan of the table, with an order that never depends on how it happens to be stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unfind.gallery.card import Kind
from unfind.gallery.ties import Row, by_distance, cut_by_id

BITS_IN_A_BYTE = 8
"""Codes fill whole bytes; the models' own constant would load torch into every program that opens a gallery."""
OFF_A_BIT = 1e-3
"""How far a distance in bits may be from a whole number; rounding leaves 5e-5 in the longest codes."""
QUERIES_AT_ONCE = 64
"""LanceDB plans one scan per query; more of them at once cost memory and bring no speed."""
DISTANCES: dict[Kind, str] = {"cosine": "dot", "hamming": "hamming"}
"""Rows and queries have length 1, so the inner product is the cosine, without a division that would round."""


def exact_search(
    table: Any,
    vectors: NDArray[Any],
    k: int,
    columns: Sequence[str],
    *,
    kind: Kind = "cosine",
    where: str | None = None,
) -> list[list[Row]]:
    """Find the k nearest rows for each query by looking at every row.

    Equal distances are ordered by id, also where the k-th place falls among them.

    Args:
        table: A LanceDB table with the columns ``id`` and ``vector``.
        vectors: Queries, float32 (Q, D) or uint8 (Q, D / 8), Q >= 1.
        k: Rows wanted per query, at least 1.
        columns: Columns to return beside ``id`` and ``_distance`` (1 minus the inner product, or bits that differ).
        kind: How vectors are compared.
        where: Only rows that meet this condition in LanceDB's SQL.

    Returns:
        For each query its min(k, N) rows, best first.
    """
    wanted = ["id", "_distance", *(name for name in columns if name != "id")]
    answers: list[list[Row]] = []
    for start in range(0, len(vectors), QUERIES_AT_ONCE):
        part = vectors[start : start + QUERIES_AT_ONCE]
        for query, rows in zip(part, _nearest(table, part, k + 1, wanted, kind, where), strict=True):
            answers.append(cut_by_id(_asker(table, query, wanted, kind, where), rows, k))
    return answers


def settle_code_distances(query: NDArray[Any], rows: list[Row]) -> None:
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


def _asker(table: Any, query: NDArray[Any], wanted: list[str], kind: Kind, where: str | None) -> Any:
    return lambda limit: next(_nearest(table, query[None], limit, wanted, kind, where))


def _nearest(
    table: Any, vectors: NDArray[Any], limit: int, wanted: list[str], kind: Kind, where: str | None
) -> Iterator[list[Row]]:
    query = vectors if len(vectors) > 1 else vectors[0]
    search = table.search(query).distance_type(DISTANCES[kind]).bypass_vector_index()
    if where is not None:
        search = search.where(where, prefilter=True)
    found = search.select(wanted).limit(limit).to_arrow()
    rows_of: list[list[Row]] = [[] for _ in vectors]
    for row in found.to_pylist():
        rows_of[row.pop("query_index", 0)].append(row)
    for vector, found_rows in zip(vectors, rows_of, strict=True):
        if kind == "cosine":
            settle_code_distances(vector, found_rows)
        yield by_distance(found_rows)
