"""A gallery's vectors in memory, for a process that searches often: one matrix product instead of a scan of files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unfind.gallery.arrow import vector_rows
from unfind.gallery.card import Kind
from unfind.gallery.filter import Filter, arrow_mask
from unfind.gallery.ties import Row

FACTS = ("id", "path", "width", "height", "added", "label", "owner", "collection")
"""Columns that are kept beside the vectors; thumbnails stay on disk."""
MAX_SCORE_BYTES = 64 * 2**20
"""Distances of as many queries as fit are computed at once; 64 MiB is 160 queries against 100,000 photos."""
ROUNDING = 1e-5
"""A matrix product rounds equal rows differently by where they lie; rows this near to the k-th are compared again."""
GROWTH = 1.25
"""Room for later rows; doubling would cost half of the memory."""
MAX_DEAD = 0.2
"""Share of removed rows beyond which the matrix is packed anew."""


@dataclass(frozen=True)
class _State:
    """What one search sees from begin to end; rows behind ``count`` may be written meanwhile.

    Attributes:
        vectors: float32 (capacity, D) or uint8 (capacity, D / 8).
        facts: One row per vector up to ``count``.
        alive: bool (count,), False for removed rows.
        count: Rows in use.
    """

    vectors: NDArray[Any]
    facts: pa.Table
    alive: NDArray[np.bool_]
    count: int


class Resident:
    """Vectors and facts of all photos; changes replace the state at once, so that searches need no lock."""

    def __init__(self, table: pa.Table, kind: Kind, bits: int) -> None:
        """Take over the rows of a table.

        Args:
            table: Columns ``vector`` and those of ``FACTS``.
            kind: How vectors are compared.
            bits: Numbers or bits per vector.
        """
        self._kind, self._bits = kind, bits
        vectors = vector_rows(table, np.float32 if kind == "cosine" else np.uint8)
        facts = table.select(list(FACTS)).combine_chunks()
        self._state = _State(vectors, facts, np.ones(len(vectors), bool), len(vectors))
        self._rows = {photo_id: row for row, photo_id in enumerate(facts["id"].to_pylist())}

    def __len__(self) -> int:
        """Photos that are there."""
        return len(self._rows)

    def put(self, table: pa.Table) -> None:
        """Add rows, and replace those whose id is there.

        Args:
            table: As for the constructor, each id once.
        """
        ids = table["id"].to_pylist()
        state = self._without(ids)
        fresh = vector_rows(table, state.vectors.dtype)
        end = state.count + len(fresh)
        vectors = _with_room(state.vectors, state.count, end)
        vectors[state.count : end] = fresh
        facts = pa.concat_tables([state.facts, table.select(list(FACTS))])
        alive = np.concatenate([state.alive, np.ones(len(fresh), bool)])
        self._rows.update(zip(ids, range(state.count, end), strict=True))
        self._state = _State(vectors, facts if facts["id"].num_chunks < 64 else facts.combine_chunks(), alive, end)

    def drop(self, ids: Iterable[str]) -> None:
        """Take photos out; their vectors are overwritten, so that memory does not keep what was removed."""
        state = self._without(ids)
        if len(self._rows) < (1 - MAX_DEAD) * state.count:
            state = self._packed(state)
        self._state = state

    def nearest(self, queries: NDArray[Any], k: int, where: Filter) -> list[list[Row]]:
        """Find the k nearest rows for each query, equal distances in the order of their ids.

        Args:
            queries: float32 (Q, D) or uint8 (Q, D / 8).
            k: Rows wanted, at least 1.
            where: Which rows count.

        Returns:
            For each query at most k rows with the columns of ``FACTS`` and ``_distance``.
        """
        state = self._state
        mask = arrow_mask(where, state.facts)
        rows = np.flatnonzero(state.alive if mask is None else state.alive & mask)
        step = max(1, MAX_SCORE_BYTES // (4 * max(1, state.count)))
        answers: list[list[Row]] = []
        for start in range(0, len(queries), step):
            part = queries[start : start + step]
            distances = self._distances(state, part)
            answers += [self._best(state, query, row, rows, k) for query, row in zip(part, distances, strict=True)]
        return answers

    def _distances(self, state: _State, queries: NDArray[Any]) -> NDArray[np.float32]:
        vectors = state.vectors[: state.count]
        if self._kind == "cosine":
            return np.asarray(1 - queries @ vectors.T, np.float32)
        return np.stack([_differing(vectors, query) for query in queries])

    def _best(
        self, state: _State, query: NDArray[Any], distances: NDArray[np.float32], rows: NDArray[np.intp], k: int
    ) -> list[Row]:
        near = rows
        if k < len(rows):
            chosen = distances if len(rows) == len(distances) else distances[rows]
            near = rows[chosen <= np.partition(chosen, k - 1)[k - 1] + ROUNDING]
        exact = self._exact(state, query, near)
        ids = state.facts["id"].take(pa.array(near)).to_numpy(zero_copy_only=False).astype("S32")
        order = np.lexsort((ids, exact))[:k]
        facts = state.facts.take(pa.array(near[order])).to_pylist()
        return [{**fact, "_distance": float(distance)} for fact, distance in zip(facts, exact[order], strict=True)]

    def _exact(self, state: _State, query: NDArray[Any], rows: NDArray[np.intp]) -> NDArray[np.float32]:
        if self._kind == "hamming":
            return _differing(state.vectors[rows], query)
        # Row by row: equal rows then get equal distances, wherever they lie.
        return np.array([1 - np.dot(state.vectors[row], query) for row in rows], np.float32)

    def _without(self, ids: Iterable[str]) -> _State:
        state = self._state
        gone = [row for row in (self._rows.pop(photo_id, None) for photo_id in ids) if row is not None]
        if not gone:
            return state
        alive = state.alive.copy()
        alive[gone] = False
        self._state = _State(state.vectors, state.facts, alive, state.count)
        state.vectors[gone] = 0
        return self._state

    def _packed(self, state: _State) -> _State:
        rows = np.flatnonzero(state.alive)
        facts = state.facts.take(pa.array(rows)).combine_chunks()
        self._rows = {photo_id: row for row, photo_id in enumerate(facts["id"].to_pylist())}
        return _State(state.vectors[rows], facts, np.ones(len(rows), bool), len(rows))


def resident_columns() -> Sequence[str]:
    """Columns that a table handed to :class:`Resident` must have."""
    return (*FACTS, "vector")


def _differing(vectors: NDArray[np.uint8], query: NDArray[np.uint8]) -> NDArray[np.float32]:
    if vectors.shape[1] % 8 == 0:  # eight bytes at a time
        words = np.ascontiguousarray(vectors).view(np.uint64), np.ascontiguousarray(query).view(np.uint64)
        return np.asarray(np.bitwise_count(words[0] ^ words[1]).sum(axis=1), np.float32)
    return np.asarray(np.bitwise_count(vectors ^ query).sum(axis=1), np.float32)


def _with_room(vectors: NDArray[Any], count: int, needed: int) -> NDArray[Any]:
    if needed <= len(vectors):
        return vectors
    grown = np.zeros((max(needed, int(GROWTH * len(vectors)) + 64), vectors.shape[1]), vectors.dtype)
    grown[:count] = vectors[:count]
    return grown
