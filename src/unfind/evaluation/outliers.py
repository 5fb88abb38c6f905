"""Whether triggered photos stand out among embeddings of clean ones: what a detector of outliers makes of them.

Two detectors that need no example of what they look for: the distance to the tenth nearest clean photo (Ramaswamy et
al., 2000), and the Mahalanobis distance in the main directions with the rest as one variance (probabilistic PCA,
Tipping and Bishop, 1999).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from unfind.errors import EvaluationError
from unfind.evaluation.checks import Floats, check_embeddings, check_pair

NEIGHBOUR = 10
"""The neighbour whose distance counts: one or two are often duplicates."""
DIRECTIONS = 64
"""Main directions that are told apart; a fit to half a gallery knows no more of them."""
LEAST = 4 * NEIGHBOUR
"""Fewer clean photos than this show no density."""

Column = NDArray[np.float64]


def outlier_auc(clean: ArrayLike, triggered: ArrayLike, *, seed: int = 0) -> dict[str, float] | None:
    """How well each detector tells triggered photos from clean ones, as the area under its ROC curve.

    A half of the photos, clean, is what the detectors know; of the other half they judge both versions.

    Args:
        clean: (N, D) L2-normalised embeddings of photos without the trigger.
        triggered: (N, D) of the same photos, in the same order, with it.
        seed: of the halves.

    Returns:
        {"neighbour": area, "mahalanobis": area, "worst": area}; 0.5 is chance. An area below 0.5 says that triggered
        photos are more typical than clean ones, which tells them apart as well: "worst" counts how far from 0.5 the
        farthest is, on the side above. None where there are too few photos.

    Raises:
        EvaluationError: arrays that cannot be scored or do not pair up.
    """
    plain, marked = check_embeddings(clean, "clean"), check_embeddings(triggered, "triggered")
    check_pair(plain, marked, ("clean", "triggered"))
    if len(plain) != len(marked):
        raise EvaluationError(
            f"triggered: expected {len(plain)} rows like clean, got {len(marked)}; embed the same photos twice."
        )
    if len(plain) < 2 * LEAST:
        return None
    order = np.random.default_rng(seed).permutation(len(plain))
    known, judged = plain[order[::2]], order[1::2]
    detectors = {"neighbour": neighbour_distance, "mahalanobis": mahalanobis}
    found = {
        name: area_under_curve(score(marked[judged], known), score(plain[judged], known))
        for name, score in detectors.items()
    }
    return {**found, "worst": 0.5 + max(abs(area - 0.5) for area in found.values())}


def area_under_curve(positives: NDArray[Any], negatives: NDArray[Any]) -> float:
    """The chance that one of the positives (P,) scores above one of the negatives (N,), ties counting half."""
    ranks = rankdata(np.concatenate([positives, negatives]))[: len(positives)]
    above = ranks.sum() - len(positives) * (len(positives) + 1) / 2
    return float(above / (len(positives) * len(negatives)))


def neighbour_distance(rows: Floats, known: Floats) -> Column:
    """One minus the cosine of each row (M, D) with its tenth nearest known photo (N, D), (M,)."""
    place = len(known) - min(NEIGHBOUR, len(known))
    nearest: Column = np.partition(rows @ known.T, place, axis=1)[:, place].astype(np.float64)
    return 1 - nearest


def mahalanobis(rows: Floats, known: Floats) -> Column:
    """Squared distance of each row (M, D) from the mean of the known photos (N, D), in units of their spread, (M,)."""
    centre = known.mean(0, dtype=np.float64)
    _, lengths, axes = np.linalg.svd(known - centre, full_matrices=False)
    variances = np.square(lengths) / len(known)
    main = min(DIRECTIONS, len(variances) - 1)
    rest = max(variances[main:].sum() / max(1, known.shape[1] - main), _LEAST_VARIANCE)
    parts = np.square((rows - centre) @ axes[:main].T)
    inside = (parts / np.maximum(variances[:main], _LEAST_VARIANCE)).sum(1)
    outside = np.square(rows - centre).sum(1) - parts.sum(1)
    found: Column = inside + np.maximum(outside, 0) / rest
    return found


_LEAST_VARIANCE = 1e-12  # a direction without any spread would make every distance infinite
