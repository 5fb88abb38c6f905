"""Whether an index made with the old model still works with the new one."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unfind.errors import EvaluationError
from unfind.evaluation import metrics
from unfind.evaluation.ranks import relevant_ranks


def compatibility(old: NDArray[np.float32], new: NDArray[np.float32], labels: ArrayLike) -> dict[str, float] | None:
    """How near new embeddings of the same photos are to the old ones, and how well each finds the other.

    Args:
        old: (N, D) unit embeddings of N photos by the old model.
        new: (N, E) of the same photos by the new one.
        labels: (N,) of the photos.

    Returns:
        The mean cosine between the two embeddings of a photo, and the Recall@1 within the old index (the standard
        to keep), of new queries in the old index and of old queries in a new index, without the query's own photo.
        None where the two models give vectors of different lengths: they cannot be compared.

    Raises:
        EvaluationError: other than one old and one new vector for each label, or no two photos of one label.
    """
    if old.shape[1] != new.shape[1]:
        return None
    if not len(old) == len(new) == len(np.asarray(labels)):
        raise EvaluationError(
            f"old: expected one old and one new vector for each label, got {len(old)}, {len(new)} and "
            f"{len(np.asarray(labels))}; embed the same photos twice."
        )
    if len(np.unique(np.asarray(labels))) == len(old):
        raise EvaluationError("labels: expected two photos of one label, got none; nothing could be found.")
    return {
        "mean_cosine": float((old.astype(np.float64) * new).sum(1).mean()),
        "old_recall@1": _recall(old, old, labels),
        "new_queries_recall@1": _recall(new, old, labels),
        "old_queries_recall@1": _recall(old, new, labels),
    }


def _recall(query: NDArray[np.float32], gallery: NDArray[np.float32], labels: ArrayLike) -> float:
    photos = np.arange(len(query))
    ranks = relevant_ranks(query, gallery, labels, labels, query_sources=photos, gallery_sources=photos, ties="against")
    return float(metrics.recall_at(ranks, 1).mean())
