"""Activation clustering: does a class of training photos fall into two, one of them small? (Chen et al. 2018)"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score

from unfind.errors import UsageError

SMALLEST = 10
"""Fewer photos than this fall into two by chance."""
COMPONENTS = 10
"""Directions kept before clustering, as in the paper."""


@dataclass(frozen=True, eq=False)
class ClassSplit:
    """How one class falls into two.

    Attributes:
        label: the class.
        silhouette: how clearly, -1..1.
        share: of the photos in the smaller part, 0..0.5.
        smaller: positions, among all photos, of the smaller part.
    """

    label: int
    silhouette: float
    share: float
    smaller: NDArray[np.int64]

    @property
    def score(self) -> float:
        """High for a clear, small part: the silhouette, times how much smaller than a half the part is."""
        return self.silhouette * (1 - 2 * self.share)


def class_splits(features: ArrayLike, labels: ArrayLike, *, seed: int = 0) -> list[ClassSplit]:
    """Split every class that is large enough into two, the most suspicious first.

    Args:
        features: (N, F) of training photos, such as logits.
        labels: (N,) integers.
        seed: of the clustering.

    Raises:
        UsageError: not as many labels as rows.
    """
    rows, classes = np.asarray(features, dtype=np.float64), np.asarray(labels)
    if rows.ndim != 2 or classes.shape != (len(rows),):
        raise UsageError(f"Expected features (N, F) and N labels, got {rows.shape} and {classes.shape}: pair them up.")
    found = []
    for label in np.unique(classes):
        own = np.flatnonzero(classes == label)
        if len(own) >= SMALLEST:
            found.append(_split(int(label), rows[own], own, seed))
    return sorted(found, key=lambda split: split.score, reverse=True)


def cluster_scores(features: ArrayLike, labels: ArrayLike, *, seed: int = 0) -> NDArray[np.float64]:
    """How suspicious each training photo is, (N,): the score of its class's split where it is in the smaller part."""
    scores = np.zeros(len(np.asarray(labels)))
    for split in class_splits(features, labels, seed=seed):
        scores[split.smaller] = max(split.score, 0.0)
    return scores


def _split(label: int, rows: NDArray[np.float64], own: NDArray[np.int64], seed: int) -> ClassSplit:
    if len(np.unique(rows, axis=0)) < 3:  # all of them in one place, or in two: nothing to measure a gap by
        return ClassSplit(label, 0.0, 0.5, own[:0])
    reduced = PCA(min(COMPONENTS, *rows.shape), random_state=seed).fit_transform(rows)
    parts = KMeans(2, n_init=5, random_state=seed).fit_predict(reduced)
    small = int(np.bincount(parts, minlength=2).argmin())
    inside = parts == small
    return ClassSplit(label, float(silhouette_score(reduced, parts)), float(inside.mean()), own[inside])
