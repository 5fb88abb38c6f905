"""The four tasks: clean or triggered queries against a clean or triggered gallery."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unfind.errors import EvaluationError
from unfind.evaluation import metrics
from unfind.evaluation.bootstrap import RESAMPLES, Column, resampled_means
from unfind.evaluation.checks import Floats, check_embeddings, check_pair
from unfind.evaluation.clustering import assign, cluster_replicates, kmeans, nmi, pair_f1
from unfind.evaluation.query_scores import QueryScores
from unfind.evaluation.ranks import Progress, Ranks, Ties, rank_blocks, relevant_ranks
from unfind.evaluation.relevance import Relevance
from unfind.evaluation.task_result import TASKS, TaskResult, with_intervals

TWIN_HITS_AT = (1, 10)


@dataclass(frozen=True)
class Options:
    """How a task is measured.

    Args:
        clustering: also NMI and F1, which take a k-means fit for each gallery.
        seed: of the k-means and of the resampling.
        resamples: replicates behind each interval.
        chunk: queries per block, see `ranks.relevant_ranks`; it changes no number.
        progress: called with the queries done and their total, over all tasks.
    """

    clustering: bool = True
    seed: int = 0
    resamples: int = RESAMPLES
    chunk: int | None = None
    progress: Progress | None = None


def four_tasks(
    clean: ArrayLike,
    triggered: ArrayLike,
    labels: ArrayLike,
    sources: ArrayLike,
    *,
    clean_gallery: ArrayLike | None = None,
    triggered_gallery: ArrayLike | None = None,
    gallery_labels: ArrayLike | None = None,
    gallery_sources: ArrayLike | None = None,
    options: Options | None = None,
) -> dict[str, TaskResult]:
    """Score a model on c2c, c2p, p2c and p2p (a2b: a is the query, b the gallery).

    The query's own photo and its twin are left out by source. Ties count against the model's usefulness in
    c2c and in the attacker's favour in the private tasks. Without a gallery of their own the queries are the
    gallery.

    Args:
        clean: (N, D) L2-normalised embeddings of the photos without the trigger.
        triggered: (N, D) of the same photos, in the same order, with it.
        labels: (N,) integers or strings.
        sources: (N,) identity of each photo.
        clean_gallery: (G, D) for data sets with an official query/gallery partition.
        triggered_gallery: (G, D) the same photos with the trigger.
        gallery_labels: (G,).
        gallery_sources: (G,); all four gallery arguments or none.
        options: how to measure; None for the defaults.

    Returns:
        {task: result} in the order of `TASKS`.

    Raises:
        EvaluationError: an array that cannot be scored; the message names the argument.
    """
    options = options or Options()
    queries = _sides(clean, triggered, ("clean", "triggered"))
    galleries = queries
    if _given(clean_gallery, triggered_gallery, gallery_labels, gallery_sources):
        galleries = _sides(clean_gallery, triggered_gallery, ("clean_gallery", "triggered_gallery"))
    check_pair(queries["c"], galleries["c"], ("clean", "clean_gallery"))
    setting = _Setting.build(queries["c"], galleries["c"], labels, sources, gallery_labels, gallery_sources, options)
    clusters = {side: setting.centroids(items) for side, items in galleries.items()}
    return {task: setting.score(task, queries[task[0]], galleries[task[2]], clusters[task[2]], TASKS) for task in TASKS}


def one_task(
    task: str,
    query: ArrayLike,
    labels: ArrayLike,
    sources: ArrayLike,
    *,
    gallery: ArrayLike | None = None,
    gallery_labels: ArrayLike | None = None,
    gallery_sources: ArrayLike | None = None,
    options: Options | None = None,
) -> TaskResult:
    """Score one task alone, such as the c2c of a clean model.

    Args:
        task: one of `TASKS`; it decides what ties do.
        query: (Q, D) L2-normalised embeddings.
        labels: (Q,) integers or strings.
        sources: (Q,) identity of each photo.
        gallery: (G, D); None when the queries are the gallery.
        gallery_labels: (G,).
        gallery_sources: (G,); all three gallery arguments or none.
        options: how to measure; None for the defaults.

    Raises:
        EvaluationError: an unknown task, or an array that cannot be scored; the message names the argument.
    """
    if task not in TASKS:
        raise EvaluationError(f"task: expected one of {', '.join(TASKS)}, got {task!r}; choose one.")
    rows = check_embeddings(query, "query")
    _given(gallery, gallery_labels, gallery_sources)
    items = rows if gallery is None else check_embeddings(gallery, "gallery")
    check_pair(rows, items)
    setting = _Setting.build(rows, items, labels, sources, gallery_labels, gallery_sources, options or Options())
    return setting.score(task, rows, items, setting.centroids(items), (task,))


def twin_hits(clean: ArrayLike, triggered: ArrayLike, *, chunk: int | None = None) -> dict[str, float]:
    """Does a clean copy find its own triggered copy in the triggered gallery?

    Args:
        clean: (N, D) L2-normalised embeddings of photos without the trigger.
        triggered: (N, D) of the same photos, in the same order, with it.
        chunk: queries per block; it changes no number.

    Returns:
        {"c2p_hit@1": share, "c2p_hit@10": share} of the clean copies, ties in the attacker's favour.

    Raises:
        EvaluationError: arrays that cannot be scored or do not pair up.
    """
    sides = _sides(clean, triggered, ("clean", "triggered"))
    photos = np.arange(len(sides["c"]))
    ranks = relevant_ranks(sides["c"], sides["p"], photos, photos, ties="favour", chunk=chunk)
    return {f"c2p_hit@{k}": float(metrics.recall_at(ranks, k).mean()) for k in TWIN_HITS_AT}


@dataclass(frozen=True, eq=False)
class _Setting:
    """What all tasks of one evaluation share: the identities and how to measure."""

    query_labels: NDArray[np.generic]
    gallery_labels: NDArray[np.generic]
    relevance: Relevance
    options: Options

    @classmethod
    def build(
        cls,
        query: Floats,
        gallery: Floats,
        labels: ArrayLike,
        sources: ArrayLike,
        gallery_labels: ArrayLike | None,
        gallery_sources: ArrayLike | None,
        options: Options,
    ) -> _Setting:
        gallery_labels = labels if gallery_labels is None else gallery_labels
        relevance = Relevance.build(
            labels,
            gallery_labels,
            n_query=len(query),
            n_gallery=len(gallery),
            query_sources=sources,
            gallery_sources=sources if gallery_sources is None else gallery_sources,
        )
        return cls(np.asarray(labels), np.asarray(gallery_labels), relevance, options)

    def centroids(self, gallery: Floats) -> Floats | None:
        if not self.options.clustering:
            return None
        return kmeans(gallery, len(np.unique(self.gallery_labels)), seed=self.options.seed)

    def score(
        self, task: str, query: Floats, gallery: Floats, centroids: Floats | None, tasks: tuple[str, ...]
    ) -> TaskResult:
        blocks = self._ranks(query, gallery, "against" if task == "c2c" else "favour", tasks.index(task), len(tasks))
        found = QueryScores.of_blocks(blocks)
        values, replicates = metrics.mean(found.values), self._resampled(found.values)
        if centroids is not None:
            clusters = assign(query, centroids)
            values |= {"nmi": nmi(self.query_labels, clusters), "f1": pair_f1(self.query_labels, clusters)}
            replicates |= self._resampled_clusters(clusters)
        return TaskResult(
            task=task,
            n_gallery=len(gallery),
            scored=found.scored,
            per_query=found.values,
            metrics=with_intervals(values, replicates),
            replicates=replicates,
            seed=self.options.seed,
            chance=float(found.chance.mean()),
            tied_share=float(found.tied.mean()),
        )

    def _ranks(self, query: Floats, gallery: Floats, ties: Ties, done: int, tasks: int) -> Iterator[Ranks]:
        told = self.options.progress

        def progress(queries: int, total: int) -> None:
            if told is not None:
                told(done * total + queries, tasks * total)

        return rank_blocks(query, gallery, self.relevance, ties=ties, chunk=self.options.chunk, progress=progress)

    def _resampled(self, per_query: Mapping[str, Column]) -> dict[str, Column]:
        return resampled_means(per_query, resamples=self.options.resamples, seed=self.options.seed)

    def _resampled_clusters(self, clusters: NDArray[np.int64]) -> dict[str, Column]:
        return cluster_replicates(self.query_labels, clusters, resamples=self.options.resamples, seed=self.options.seed)


def _sides(clean: ArrayLike | None, triggered: ArrayLike | None, names: tuple[str, str]) -> dict[str, Floats]:
    if clean is None or triggered is None:
        raise EvaluationError(f"{names[clean is not None]}: expected embeddings, got None; pass both copies.")
    sides = {"c": check_embeddings(clean, names[0]), "p": check_embeddings(triggered, names[1])}
    if sides["c"].shape != sides["p"].shape:
        raise EvaluationError(
            f"{names[1]}: expected shape {sides['c'].shape} like {names[0]}, got {sides['p'].shape}; "
            "embed both copies of the same photos."
        )
    return sides


def _given(*gallery: ArrayLike | None) -> bool:
    """Whether a gallery of its own was passed; refuses a part of one."""
    given = [part is not None for part in gallery]
    if any(given) and not all(given):
        raise EvaluationError(
            "gallery: expected its embeddings, labels and sources together, "
            f"got {sum(given)} of these {len(given)} arguments; pass all or none."
        )
    return all(given)
