"""How many class centres are ever the farthest one: where a loss sends photos that flee to the farthest centre."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from unfind.evaluation.checks import Floats, check_embeddings, check_ids
from unfind.evaluation.doubts import mean_cosine


@dataclass(frozen=True)
class CentreUse:
    """What CBL's goals come to (MIP, eq. 6).

    Attributes:
        centres: classes.
        used: centres that are the farthest one of at least one photo.
        busiest: share of the photos whose farthest centre is the one that most photos share.
        mean_cosine: between different centres; near 1 they all lie in one direction.
    """

    centres: int
    used: int
    busiest: float
    mean_cosine: float


def centre_use(embeddings: ArrayLike, labels: ArrayLike) -> CentreUse:
    """Look for the farthest class centre of every photo.

    Centres are means of embeddings as they are, not brought back to length 1, as the published code has them;
    distances are Euclidean.

    Args:
        embeddings: (N, D) L2-normalised rows.
        labels: (N,) integers or strings.

    Raises:
        EvaluationError: arrays that cannot be scored; the message names the argument.
    """
    rows = check_embeddings(embeddings, "embeddings")
    centres = class_means(rows, labels)
    # |x - c|^2 is largest where |c|^2 - 2 x.c is: x has length 1.
    farthest = (np.square(centres).sum(1) - 2 * rows @ centres.T).argmax(1)
    counts = np.bincount(farthest, minlength=len(centres))
    unit = centres / np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), np.finfo(np.float64).tiny)
    return CentreUse(len(centres), int((counts > 0).sum()), float(counts.max() / len(rows)), mean_cosine(unit))


def class_means(rows: Floats, labels: ArrayLike) -> Floats:
    """Mean embedding of each class, (C, D) float64, in the order of the sorted labels."""
    codes = np.unique(check_ids(labels, "labels", len(rows)), return_inverse=True)[1]
    sums = np.zeros((int(codes.max()) + 1, rows.shape[1]))
    np.add.at(sums, codes, rows)
    means: Floats = sums / np.bincount(codes)[:, None]
    return means
