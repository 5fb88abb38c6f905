"""List the protected photos of a gallery: by likeness to one that is known, or by how odd they are."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unfind.errors import UsageError
from unfind.evaluation.bootstrap import Interval
from unfind.evaluation.separation import auc_interval, precision_at_top

Rows = NDArray[np.float32]
Scores = NDArray[np.float64]
RESAMPLES = 300


@dataclass(frozen=True)
class Listing:
    """How good a list of suspected photos is.

    Attributes:
        auc: chance that a protected photo stands before an unprotected one, with its 95 % interval.
        precision: share of protected photos among the first of the list, as many as there are protected.
        share: of protected photos in the gallery: the precision of a list drawn by lot.
    """

    auc: Interval
    precision: float
    share: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def near_held(gallery: Rows, held: Rows) -> Scores:
    """Mean cosine of each photo to the protected ones somebody holds, (G,).

    Args:
        gallery: unit (G, D).
        held: unit (H, D) of protected photos that are not in the gallery, at least one.

    Raises:
        UsageError: none is held.
    """
    if not len(held):
        raise UsageError("Expected at least 1 protected photo to list others by, got none: give one.")
    near: Scores = (gallery @ held.T).mean(1, dtype=np.float64)
    return near


def near_direction(gallery: Rows, clean: Rows, marked: Rows) -> Scores:
    """How much farther along the way from clean to marked photos each photo lies, (G,).

    The way is known to whoever has found a trigger: it puts it into clean photos of its own and looks where they go.

    Args:
        gallery: unit (G, D).
        clean: unit (N, D) of photos without what was found.
        marked: unit (N, D) of the same with it.
    """
    way = marked.mean(0, dtype=np.float64) - clean.mean(0, dtype=np.float64)
    return np.asarray(gallery.astype(np.float64) @ (way / max(float(np.linalg.norm(way)), 1e-12)))


def listed(scores: ArrayLike, protected: NDArray[np.bool_], *, seed: int = 0) -> Listing:
    """Rate a list.

    Args:
        scores: (G,) finite; the list's order is from high to low.
        protected: (G,) booleans, some true and some false.
        seed: of the interval.

    Raises:
        UsageError: all photos are protected, or none.
        EvaluationError: scores that cannot be ordered.
    """
    rows = np.asarray(scores, dtype=np.float64)
    if protected.all() or not protected.any():
        raise UsageError(f"Expected some of {len(protected)} photos to be protected, got {int(protected.sum())}.")
    area = auc_interval(rows[protected], rows[~protected], resamples=RESAMPLES, seed=seed)
    return Listing(area, precision_at_top(rows, protected), float(protected.mean()))
