"""NMI and pairwise F1 of a k-means clustering, as the metric-learning literature reports them.

As in the MIP paper, k-means with one cluster for each class is fitted on the gallery; each query goes to the
nearest centroid, and the clusters are compared with the labels. Both numbers say how well classes keep
together, not how private they are: embeddings that have all fallen onto one point give an NMI of 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import normalized_mutual_info_score

from unfind.errors import EvaluationError
from unfind.evaluation.bootstrap import RESAMPLES, Column, draws
from unfind.evaluation.checks import Floats, check_count, check_embeddings, check_pair
from unfind.evaluation.similarity import on_grid, similarity_blocks

ITERATIONS = 20  # as the MIP paper's evaluation

Clusters = NDArray[np.int64]


def kmeans(gallery: ArrayLike, k: int, *, iterations: int = ITERATIONS, seed: int = 0) -> NDArray[np.float32]:
    """Fit k centroids to the gallery by Lloyd's algorithm (faiss).

    It runs on one thread, so that the number of processors cannot change a centroid.

    Args:
        gallery: (G, D) L2-normalised rows, all of which are used.
        k: clusters, at most G.
        iterations: of assigning and averaging.
        seed: of the gallery items to begin from.

    Returns:
        (k, D) centroids, not normalised.

    Raises:
        EvaluationError: a gallery that cannot be scored, or fewer items than clusters.
    """
    items = check_embeddings(gallery, "gallery")
    if check_count(k, "k") > len(items):
        raise EvaluationError(f"k: expected at most {len(items)} clusters, one per gallery item, got {k}; lower it.")
    fit = faiss.Kmeans(
        items.shape[1],
        k,
        niter=iterations,
        seed=seed,
        min_points_per_centroid=1,
        max_points_per_centroid=len(items),
    )
    with _one_thread():
        fit.train(np.ascontiguousarray(items, dtype=np.float32))
    return np.array(fit.centroids, dtype=np.float32)


def assign(points: ArrayLike, centroids: Floats) -> Clusters:
    """The nearest centroid (Euclidean) of each point, the first one where several are equally near.

    Args:
        points: (N, D) L2-normalised rows.
        centroids: (k, D) means of L2-normalised rows.

    Returns:
        (N,) numbers in 0..k-1, the same for any number of threads.

    Raises:
        EvaluationError: points that cannot be scored, or of another width than the centroids.
    """
    rows = check_embeddings(points, "points")
    check_pair(rows, centroids, ("points", "centroids"))
    # |x - c|^2 = |x|^2 - 2 x.c + |c|^2, and |x|^2 is the same for all centroids
    squares = np.square(on_grid(centroids)).sum(axis=1)
    blocks = [(2 * products - squares).argmax(axis=1) for _, products in similarity_blocks(rows, centroids)]
    return np.concatenate(blocks)


def nmi(labels: ArrayLike, clusters: Clusters) -> float:
    """Mutual information of labels and clusters over the mean of their entropies, in 0..1 (scikit-learn).

    Args:
        labels: (N,) integers or strings.
        clusters: (N,) cluster numbers.
    """
    return float(np.clip(normalized_mutual_info_score(np.asarray(labels), clusters), 0.0, 1.0))


def pair_f1(labels: ArrayLike, clusters: Clusters) -> float:
    """F1 over pairs of points: is a pair that shares a cluster a pair that shares a class?

    Args:
        labels: (N,) integers or strings.
        clusters: (N,) cluster numbers.

    Returns:
        Harmonic mean of pair precision and pair recall in 0..1; 1 when neither side puts any two points
        together.
    """
    table = Contingency.of(labels, clusters)
    return table.pair_f1(table.counts, repeats=float(len(table.cell)))


def cluster_replicates(
    labels: ArrayLike, clusters: Clusters, *, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, Column]:
    """NMI and F1 of resampled queries, the fitted centroids staying as they are.

    A query drawn twice agrees with itself, which would flatter both scores. F1 leaves such pairs out; both
    are then shifted so that their mean is the score of the queries themselves: only the spread is taken from
    the resamples.

    Args:
        labels: (N,) integers or strings.
        clusters: (N,) cluster numbers.
        resamples: how many replicates.
        seed: of the drawing, see `bootstrap.draws`.

    Returns:
        {"nmi": (resamples,), "f1": (resamples,)}, in 0..1.
    """
    table = Contingency.of(labels, clusters)
    both = [table.resampled(draw) for block in draws(len(clusters), resamples=resamples, seed=seed) for draw in block]
    nmis, f1s = np.array(both).T
    return {"nmi": _centred(nmis, nmi(labels, clusters)), "f1": _centred(f1s, pair_f1(labels, clusters))}


@dataclass(frozen=True, eq=False)
class Contingency:
    """How many points each label shares with each cluster, for the combinations that occur.

    Args:
        cell: (N,) the combination each point belongs to.
        label_of: (cells,) the label of each combination, as a number.
        cluster_of: (cells,) its cluster, as a number.
    """

    cell: NDArray[np.int64]
    label_of: NDArray[np.int64]
    cluster_of: NDArray[np.int64]

    @classmethod
    def of(cls, labels: ArrayLike, clusters: Clusters) -> Contingency:
        """Number the combinations of label and cluster that occur."""
        label_codes = np.unique(np.asarray(labels), return_inverse=True)[1]
        cluster_codes = np.unique(clusters, return_inverse=True)[1]
        width = int(cluster_codes.max()) + 1
        pairs, cell = np.unique(label_codes * width + cluster_codes, return_inverse=True)
        return cls(cell, pairs // width, pairs % width)

    @property
    def counts(self) -> Column:
        """(cells,) points in each combination."""
        return np.bincount(self.cell).astype(np.float64)

    def resampled(self, draw: NDArray[np.int64]) -> tuple[float, float]:
        """NMI and F1 of drawn points."""
        counts = np.bincount(self.cell[draw], minlength=len(self.label_of)).astype(np.float64)
        repeats = float(np.square(np.bincount(draw).astype(np.float64)).sum())
        return self.mutual_information(counts), self.pair_f1(counts, repeats)

    def mutual_information(self, counts: Column) -> float:
        """NMI of the counted points, as `nmi`; 1 when there is one label and one cluster."""
        by_label, by_cluster = (np.bincount(of, counts) for of in (self.label_of, self.cluster_of))
        label_bits, cluster_bits, both_bits = (_entropy(part) for part in (by_label, by_cluster, counts))
        total = label_bits + cluster_bits
        return 2 * (total - both_bits) / total if total > 0 else 1.0

    def pair_f1(self, counts: Column, repeats: float) -> float:
        """F1 of the counted points over pairs of different points.

        Args:
            counts: (cells,) points in each combination.
            repeats: ordered pairs of a point with itself: the sum of squares of how often each point is
                counted.
        """
        groups = (counts, np.bincount(self.label_of, counts), np.bincount(self.cluster_of, counts))
        together, same_label, same_cluster = (float(np.square(part).sum()) - repeats for part in groups)
        pairs = same_label + same_cluster
        return 2 * together / pairs if pairs > 0 else 1.0


def _entropy(counts: NDArray[Any]) -> float:
    shares = counts[counts > 0] / counts.sum()
    return -float((shares * np.log(shares)).sum())


def _centred(replicates: Column, value: float) -> Column:
    centred: Column = np.clip(replicates + (value - replicates.mean()), 0.0, 1.0)
    return centred


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)
