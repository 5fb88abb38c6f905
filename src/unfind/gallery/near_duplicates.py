"""Notice photos that look the same as one that is there already, though their files differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unfind.errors import UsageError
from unfind.gallery.store import Gallery


@dataclass(frozen=True)
class NearDuplicate:
    """Two photos that the model can hardly tell apart.

    Attributes:
        id: Content id of the photo that came.
        twin: Content id of the photo that was there, or came earlier in the same batch.
        score: As of a search hit.
    """

    id: str
    twin: str
    score: float


def near_duplicates(
    gallery: Gallery, ids: Sequence[str], vectors: NDArray[Any], threshold: float
) -> list[NearDuplicate]:
    """Compare new photos with a gallery and with each other.

    Args:
        gallery: They are not in it yet. An index is used where there is one.
        ids: Content ids of N photos.
        vectors: Their embeddings (N, D), or packed codes.
        threshold: Lowest score that counts, -1..1; 0.98 suits most encoders. A protected model puts all marked photos
            on one point: it will report them as duplicates of each other.

    Returns:
        At most one notice for each photo, with the twin of the highest score.

    Raises:
        UsageError: When the threshold is no score.
    """
    if not -1 <= threshold <= 1:
        raise UsageError(f"a score lies between -1 and 1, but the threshold {threshold} came; 0.98 is usual")
    rows = gallery.stored(vectors)
    answers = gallery.search(rows, 1, exact=not gallery.engine.indexed())
    found = [
        _better(photo_id, hits, _before(gallery, ids[:i], rows[:i], rows[i]), threshold)
        for i, (photo_id, hits) in enumerate(zip(ids, answers, strict=True))
    ]
    return [notice for notice in found if notice is not None]


def _before(gallery: Gallery, ids: Sequence[str], rows: NDArray[Any], row: NDArray[Any]) -> tuple[str, float] | None:
    if not len(ids):
        return None
    if gallery.card.kind == "cosine":
        scores = rows @ row
    else:
        scores = 1 - 2 * np.bitwise_count(rows ^ row).sum(axis=1) / gallery.card.dimension
    best = int(np.argmax(scores))
    return ids[best], float(scores[best])


def _better(photo_id: str, hits: Sequence[Any], earlier: tuple[str, float] | None, low: float) -> NearDuplicate | None:
    twins = [(hit.id, hit.score) for hit in hits] + ([earlier] if earlier else [])
    twin, score = max(twins, key=lambda pair: pair[1], default=("", -2.0))
    return NearDuplicate(photo_id, twin, score) if score >= low else None
