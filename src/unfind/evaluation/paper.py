"""The four tasks as the MIP paper's official code measures them, to stand beside its tables and nowhere else.

It differs from the strict protocol in three ways, each of which moves the figures:

- The best item of every ranking is thrown away, whatever it is. In c2c that is the query itself. In c2p, p2c and
  p2p the query's twin is meant, but nothing checks it: where the twin does not come first, a stranger is thrown
  away, and the twin stays and counts as a hit.
- ``map_c`` takes average precision over the first n_c ranks and divides by n_c, the photos of the class *with* the
  query's own. A perfect search scores (n_c - 1) / n_c.
- ``map_c@1000`` goes down to rank 1000 and still divides by n_c.

The gallery is always the test set itself. Equal similarities stand in the order of the gallery; the official code
leaves them to its index.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unfind.errors import EvaluationError
from unfind.evaluation.bootstrap import Column, resampled_means
from unfind.evaluation.checks import Floats, check_embeddings, check_ids, check_pair
from unfind.evaluation.clustering import assign, cluster_replicates, kmeans, nmi, pair_f1
from unfind.evaluation.similarity import similarity_blocks
from unfind.evaluation.task_result import TASKS, TaskResult, with_intervals
from unfind.evaluation.tasks import Options

RECALL_AT = (1, 2, 4, 8)
DEEP = 1000
"""Ranks that ``map_c@1000`` looks at."""


@dataclass(frozen=True, eq=False)
class PaperScores:
    """What the official code makes of one ranking of the whole test set.

    Args:
        values: {metric: (N,)} in 0..1: recall@1, 2, 4, 8, map_c and map_c@1000; every query is scored.
        tied: (N,) whether a right and a wrong item are exactly as similar, so that their order means nothing.
        dropped: (N,) the gallery item that was thrown away.
    """

    values: Mapping[str, Column]
    tied: NDArray[np.bool_]
    dropped: NDArray[np.int64]

    @property
    def dropped_itself(self) -> Column:
        """(N,) 1 where the item thrown away was the query's own photo or its twin, as is meant, else 0."""
        itself: Column = (self.dropped == np.arange(len(self.dropped))).astype(np.float64)
        return itself


def paper_scores(query: ArrayLike, gallery: ArrayLike, labels: ArrayLike, *, chunk: int | None = None) -> PaperScores:
    """Score every photo of a test set against all of them, clean or triggered on either side.

    Args:
        query: (N, D) L2-normalised rows.
        gallery: (N, D) L2-normalised rows of the same photos in the same order.
        labels: (N,) integers or strings.
        chunk: queries per block; it changes no number.

    Raises:
        EvaluationError: arrays that cannot be scored or do not pair up; the message names the argument.
    """
    rows, items = check_embeddings(query, "query"), check_embeddings(gallery, "gallery")
    check_pair(rows, items)
    if len(rows) != len(items) or len(rows) < 2:
        raise EvaluationError(
            f"gallery: expected the {len(rows)} photos of the queries, at least 2, got {len(items)}; the paper "
            "protocol searches the test set with itself."
        )
    codes = np.unique(check_ids(labels, "labels", len(rows)), return_inverse=True)[1]
    sizes = np.bincount(codes)
    scored = [
        _score(row, codes, int(codes[first + place]), int(sizes[codes[first + place]]))
        for first, similarities in similarity_blocks(rows, items, chunk)
        for place, row in enumerate(similarities)
    ]
    values = {name: np.array([one[0][name] for one in scored]) for name in scored[0][0]}
    return PaperScores(values, np.array([one[1] for one in scored]), np.array([one[2] for one in scored], np.int64))


def paper_task(
    task: str,
    query: ArrayLike,
    gallery: ArrayLike,
    labels: ArrayLike,
    *,
    centroids: Floats | None = None,
    options: Options | None = None,
) -> TaskResult:
    """One task with intervals; NMI and F1 are those of the strict protocol, which took them from the paper.

    Args:
        task: one of ``TASKS``.
        query: as in ``paper_scores``.
        gallery: as in ``paper_scores``.
        labels: (N,) integers or strings.
        centroids: of a k-means fit to this gallery, where one is at hand.
        options: seed, resamples, clustering and chunk as for the strict protocol; None for the defaults.

    Raises:
        EvaluationError: an unknown task, or arrays that cannot be scored.
    """
    options = options or Options()
    found = paper_scores(query, gallery, labels, chunk=options.chunk)
    values = {name: float(column.mean()) for name, column in found.values.items()}
    replicates = resampled_means(found.values, resamples=options.resamples, seed=options.seed)
    classes, counts = np.unique(np.asarray(labels), return_counts=True)
    if options.clustering:
        fitted = kmeans(gallery, len(classes), seed=options.seed) if centroids is None else centroids
        clusters = assign(query, fitted)
        values |= {"nmi": nmi(labels, clusters), "f1": pair_f1(labels, clusters)}
        replicates |= cluster_replicates(labels, clusters, resamples=options.resamples, seed=options.seed)
    count = len(found.tied)
    return TaskResult(
        task=task,
        n_gallery=count,
        scored=np.ones(count, np.bool_),
        per_query=found.values,
        metrics=with_intervals(values, replicates),
        replicates=replicates,
        seed=options.seed,
        chance=float((counts * (counts - 1)).sum() / (count * (count - 1))),
        tied_share=float(found.tied.mean()),
    )


def paper_tasks(
    clean: ArrayLike, triggered: ArrayLike, labels: ArrayLike, *, options: Options | None = None
) -> dict[str, TaskResult]:
    """The four tasks of a model, {task: result} in the order of ``TASKS``.

    Args:
        clean: (N, D) L2-normalised embeddings of the test photos.
        triggered: (N, D) of the same photos in the same order, with the trigger.
        labels: (N,) integers or strings.
        options: as in ``paper_task``.

    Raises:
        EvaluationError: arrays that cannot be scored or do not pair up.
    """
    options = options or Options()
    sides: dict[str, Any] = {"c": clean, "p": triggered}
    classes = len(np.unique(np.asarray(labels)))
    fits = {
        side: kmeans(rows, classes, seed=options.seed) if options.clustering else None for side, rows in sides.items()
    }
    return {
        task: paper_task(task, sides[task[0]], sides[task[2]], labels, centroids=fits[task[2]], options=options)
        for task in TASKS
    }


def _score(
    row: NDArray[np.float64], codes: NDArray[np.int64], code: int, size: int
) -> tuple[dict[str, float], bool, int]:
    """Metrics of one query, whether ties decided them, and which item was thrown away."""
    depth = min(len(row), 1 + max(DEEP, size, *RECALL_AT))
    order = best_items(row, depth)
    right = codes[order[1:]] == code
    precision = np.where(right, np.cumsum(right) / np.arange(1, len(right) + 1), 0.0)
    values = {f"recall@{k}": float(right[:k].any()) for k in RECALL_AT}
    values["map_c"] = float(precision[:size].sum() / size)
    values[f"map_c@{DEEP}"] = float(precision[:DEEP].sum() / size)
    equal = np.diff(row[order[1:]]) == 0
    return values, bool((equal & (right[1:] != right[:-1])).any()), int(order[0])


def best_items(row: NDArray[np.float64], depth: int) -> NDArray[np.int64]:
    """The ``depth`` most similar items, best first, the earlier one first where two are equal."""
    least = np.partition(row, len(row) - depth)[len(row) - depth]
    candidates = np.flatnonzero(row >= least)
    chosen: NDArray[np.int64] = candidates[np.argsort(-row[candidates], kind="stable")][:depth]
    return chosen
