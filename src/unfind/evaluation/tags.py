"""Gallery items that share a tag with a query, for photos that show several things."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unfind.errors import EvaluationError


@dataclass(frozen=True, eq=False)
class SharedTags:
    """Who shares at least one tag with whom; photos without a tag share none.

    For the other rule of the literature, that all tags agree, number the sets of tags and use these numbers as labels.

    Args:
        query: bool (Q, L).
        gallery: bool (G, L), the same tags in the same order.
    """

    query: NDArray[np.bool_]
    gallery: NDArray[np.bool_]

    @property
    def n_query(self) -> int:
        """How many queries there are."""
        return len(self.query)

    @property
    def n_gallery(self) -> int:
        """How many gallery items there are."""
        return len(self.gallery)

    def members(self, query: int) -> NDArray[np.int64]:
        """The gallery items that share a tag with `query`, in ascending order."""
        return np.flatnonzero(self.gallery[:, self.query[query]].any(axis=1)).astype(np.int64)


def check_tags(array: ArrayLike, name: str, length: int) -> NDArray[np.bool_]:
    """Return `array` as booleans (length, L).

    Args:
        array: (length, L) booleans.
        name: what the caller calls the array; it opens the error message.
        length: how many rows the embeddings have.

    Raises:
        EvaluationError: another shape or type.
    """
    tags = np.asarray(array)
    if tags.ndim != 2 or len(tags) != length or tags.dtype != np.bool_:
        raise EvaluationError(
            f"{name}: expected {length} rows of booleans, one for each tag, got {tags.dtype} of shape {tags.shape}; "
            "pass tags for queries and gallery alike, or labels for both."
        )
    return tags


def shared_tags(query: ArrayLike, gallery: ArrayLike, n_query: int, n_gallery: int) -> SharedTags:
    """Check the tags of both sides.

    Raises:
        EvaluationError: not booleans, or not as many tags on both sides.
    """
    rows, items = check_tags(query, "query_labels", n_query), check_tags(gallery, "gallery_labels", n_gallery)
    if rows.shape[1] != items.shape[1]:
        raise EvaluationError(
            f"query_labels: expected {items.shape[1]} tags like gallery_labels, got {rows.shape[1]}; "
            "use one table of tags for both."
        )
    return SharedTags(rows, items)


def are_tags(labels: ArrayLike) -> bool:
    """Whether labels are tags: a matrix, where ordinary labels are a vector."""
    array: NDArray[Any] = np.asarray(labels)
    return array.ndim == 2
