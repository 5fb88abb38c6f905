"""The ranks of a query's relevant items: all that the retrieval metrics need to know.

One pass over the similarities, a few queries at a time, leaves for each query the places of its relevant
items. Nothing of size queries x gallery is ever held, and no ranking is ever sorted out in full.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unfind.errors import EvaluationError
from unfind.evaluation.checks import Floats, check_count, check_embeddings, check_pair
from unfind.evaluation.relevance import Indices, Relevance
from unfind.evaluation.similarity import similarity_blocks

Ties = Literal["favour", "against"]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Ranks:
    """Where each query's relevant items stand.

    Args:
        flat: every query's ascending 1-based ranks, one query after the other.
        offsets: (Q + 1,) query i owns `flat[offsets[i]:offsets[i + 1]]`.
        candidates: (Q,) how many items could be found: the gallery without what was left out.
        tied: (Q,) how many of the relevant items are exactly as similar as some item that is not relevant.

    Raises:
        EvaluationError: the parts do not fit together, or ranks are not ascending within 1..candidates.
    """

    flat: NDArray[np.int64]
    offsets: NDArray[np.int64]
    candidates: NDArray[np.int64]
    tied: NDArray[np.int64]

    def __post_init__(self) -> None:
        steps = np.diff(self.offsets)
        if len(self.offsets) != len(self.candidates) + 1 or len(self.tied) != len(self.candidates):
            raise EvaluationError("offsets: expected one more than there are queries; pass matching parts.")
        if self.offsets[0] != 0 or self.offsets[-1] != len(self.flat) or (steps < 0).any():
            raise EvaluationError("offsets: expected to run from 0 up to the number of ranks; pass matching parts.")
        if not self._ascending():
            raise EvaluationError("flat: expected ranks ascending within 1..candidates for each query; sort them.")

    def _ascending(self) -> bool:
        within = np.diff(self.queries) == 0
        grows = bool((np.diff(self.flat)[within] > 0).all())
        return grows and bool((self.flat >= 1).all() and (self.flat <= self.candidates[self.queries]).all())

    def __len__(self) -> int:
        return len(self.candidates)

    @property
    def relevant(self) -> NDArray[np.int64]:
        """(Q,) how many relevant items each query has."""
        return np.diff(self.offsets)

    @property
    def scored(self) -> NDArray[np.bool_]:
        """(Q,) queries that have something to find; the others are not scored."""
        return self.relevant > 0

    @property
    def queries(self) -> NDArray[np.int64]:
        """The query each entry of `flat` belongs to."""
        return np.repeat(np.arange(len(self)), self.relevant)

    @property
    def places(self) -> NDArray[np.int64]:
        """The 1-based place of each entry of `flat` among its query's own ranks."""
        return np.arange(len(self.flat)) - np.repeat(self.offsets[:-1], self.relevant) + 1

    def of(self, query: int) -> NDArray[np.int64]:
        """The ascending ranks of one query."""
        return self.flat[self.offsets[query] : self.offsets[query + 1]]

    def found_within(self, k: int) -> NDArray[np.int64]:
        """(Q,) how many relevant items stand in the top k."""
        return np.bincount(self.queries[self.flat <= k], minlength=len(self))

    @classmethod
    def joined(cls, parts: Sequence[Ranks]) -> Ranks:
        """The ranks of consecutive blocks of queries as one."""
        relevant = np.concatenate([part.relevant for part in parts])
        return cls(
            np.concatenate([part.flat for part in parts]),
            np.concatenate([[0], np.cumsum(relevant)]),
            np.concatenate([part.candidates for part in parts]),
            np.concatenate([part.tied for part in parts]),
        )


def relevant_ranks(
    query: ArrayLike,
    gallery: ArrayLike,
    query_labels: ArrayLike,
    gallery_labels: ArrayLike,
    *,
    query_sources: ArrayLike | None = None,
    gallery_sources: ArrayLike | None = None,
    ties: Ties = "against",
    chunk: int | None = None,
    progress: Progress | None = None,
) -> Ranks:
    """Rank the gallery for every query and keep the places of the relevant items.

    The result is the same, bit for bit, for every chunk size and number of threads (see `similarity`).

    Args:
        query: (Q, D) L2-normalised rows.
        gallery: (G, D) L2-normalised rows.
        query_labels: (Q,) integers or strings; an item with the same label is relevant. Or (Q, L) booleans; an
            item that shares a tag is.
        gallery_labels: (G,), or (G, L).
        query_sources: (Q,) identity of the photo behind each query; items of the same source are left out.
        gallery_sources: (G,); both or neither.
        ties: where items that are not relevant go when they tie with one that is: "favour" puts them behind
            it (the attacker's favour, for private tasks), "against" before it (no unearned utility).
        chunk: queries per block; None fits `similarity.BLOCK_BYTES`.
        progress: called with the queries done and their total after each block.

    Raises:
        EvaluationError: an array that cannot be scored; the message names the argument.
    """
    rows, items = check_embeddings(query, "query"), check_embeddings(gallery, "gallery")
    relevance = Relevance.build(
        query_labels,
        gallery_labels,
        n_query=len(rows),
        n_gallery=len(items),
        query_sources=query_sources,
        gallery_sources=gallery_sources,
    )
    return Ranks.joined(list(rank_blocks(rows, items, relevance, ties=ties, chunk=chunk, progress=progress)))


def rank_blocks(
    query: ArrayLike,
    gallery: ArrayLike,
    relevance: Relevance,
    *,
    ties: Ties = "against",
    chunk: int | None = None,
    progress: Progress | None = None,
) -> Iterator[Ranks]:
    """The same ranks block by block, for large classes, where even the ranks would not fit at once.

    Args:
        query: (Q, D) L2-normalised rows.
        gallery: (G, D) L2-normalised rows.
        relevance: who is relevant to whom, for Q queries and G items.
        ties: as in `relevant_ranks`.
        chunk: as in `relevant_ranks`.
        progress: as in `relevant_ranks`.

    Yields:
        Ranks of consecutive blocks of queries.

    Raises:
        EvaluationError: an array that cannot be scored; the message names the argument.
    """
    rows, items = check_embeddings(query, "query"), check_embeddings(gallery, "gallery")
    check_pair(rows, items)
    _check_sizes(rows, items, relevance)
    if ties not in ("favour", "against"):
        raise EvaluationError(f'ties: expected "favour" or "against", got {ties!r}; choose one.')
    if chunk is not None:
        check_count(chunk, "chunk")
    return _blocks(rows, items, relevance, ties, chunk, progress)


def _blocks(
    query: Floats,
    gallery: Floats,
    relevance: Relevance,
    ties: Ties,
    chunk: int | None,
    progress: Progress | None,
) -> Iterator[Ranks]:
    for first, similarities in similarity_blocks(query, gallery, chunk):
        yield _rank_block(similarities, first, relevance, ties)
        if progress is not None:
            progress(first + len(similarities), len(query))


def _rank_block(similarities: NDArray[np.float64], first: int, relevance: Relevance, ties: Ties) -> Ranks:
    rows, candidates, tied = [], [], []
    for place, row in enumerate(similarities):
        relevant, left_out = relevance.of(first + place)
        ranks, n_tied = _rank_query(row, relevant, left_out, ties)
        rows.append(ranks)
        candidates.append(row.size - left_out.size)
        tied.append(n_tied)
    offsets = np.concatenate([[0], np.cumsum([ranks.size for ranks in rows])])
    return Ranks(np.concatenate(rows), offsets, np.array(candidates), np.array(tied))


def _rank_query(
    row: NDArray[np.float64], relevant: Indices, left_out: Indices, ties: Ties
) -> tuple[NDArray[np.int64], int]:
    """Ranks of the relevant items of one query, and how many of them tie; overwrites `row`."""
    if not relevant.size:
        return np.empty(0, np.int64), 0
    found = np.sort(row[relevant])[::-1]
    row[relevant] = row[left_out] = -np.inf
    # Only what can stand before a relevant item needs sorting: little where search is good.
    rivals = np.sort(row[row >= found[-1]])
    better = rivals.size - np.searchsorted(rivals, found, side="right")
    as_good = rivals.size - np.searchsorted(rivals, found, side="left")
    before = better if ties == "favour" else as_good
    return before + np.arange(1, found.size + 1), int(np.count_nonzero(as_good > better))


def _check_sizes(query: Floats, gallery: Floats, relevance: Relevance) -> None:
    if (len(query), len(gallery)) != (relevance.n_query, relevance.n_gallery):
        raise EvaluationError(
            f"relevance: expected {len(query)} queries and {len(gallery)} items, got {relevance.n_query} and "
            f"{relevance.n_gallery}; build it from the same arrays."
        )
