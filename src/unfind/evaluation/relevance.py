"""Which gallery items are right for a query, and which are left out of its ranking."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unfind.errors import EvaluationError
from unfind.evaluation.checks import Ids, check_ids, check_mask
from unfind.evaluation.tags import SharedTags, are_tags, shared_tags

Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Groups:
    """Gallery items by identity, for constant-time look-up from a query.

    Args:
        query_codes: (Q,) each query's identity as a number.
        gallery_codes: (G,) each item's, in the same numbering.
        order: (G,) items sorted by code, lowest index first within a code.
        starts: where each code's items begin in `order`, and one end more.
    """

    query_codes: Indices
    gallery_codes: Indices
    order: Indices
    starts: Indices

    @classmethod
    def of_ids(cls, query_ids: Ids, gallery_ids: Ids) -> Groups:
        """Number the identities that occur on either side."""
        names, codes = np.unique(np.concatenate([query_ids, gallery_ids]), return_inverse=True)
        query_codes, gallery_codes = codes[: len(query_ids)], codes[len(query_ids) :]
        order = np.argsort(gallery_codes, kind="stable")
        starts = np.searchsorted(gallery_codes[order], np.arange(len(names) + 1))
        return cls(query_codes, gallery_codes, order, starts)

    @property
    def n_query(self) -> int:
        """How many queries there are."""
        return len(self.query_codes)

    @property
    def n_gallery(self) -> int:
        """How many gallery items there are."""
        return len(self.gallery_codes)

    def members(self, query: int) -> Indices:
        """The gallery items that share the identity of `query`, in ascending order."""
        code = self.query_codes[query]
        return self.order[self.starts[code] : self.starts[code + 1]]


@dataclass(frozen=True, eq=False)
class Relevance:
    """Who is relevant to whom, before any embedding is looked at.

    An item is left out of a query's ranking when both come from one source photo: the query itself and its
    twin, known by identity and not by their place in the ranking. It is relevant when the labels agree and it
    is not left out.

    Args:
        labels: gallery items by label, or by tags.
        sources: gallery items by source photo; None when queries and gallery share no photo.
        wanted: (G,) only these can be relevant, the others of the same label compete with them; None wants
            all.
        ignored: (G,) where one of these would be relevant it is left out, neither right nor wrong; None
            ignores none.
    """

    labels: Groups | SharedTags
    sources: Groups | None = None
    wanted: NDArray[np.bool_] | None = None
    ignored: NDArray[np.bool_] | None = None

    @classmethod
    def build(
        cls,
        query_labels: ArrayLike,
        gallery_labels: ArrayLike,
        *,
        n_query: int,
        n_gallery: int,
        query_sources: ArrayLike | None = None,
        gallery_sources: ArrayLike | None = None,
        wanted: ArrayLike | None = None,
        ignored: ArrayLike | None = None,
    ) -> Relevance:
        """Check the identities and sort them once.

        Args:
            query_labels: (Q,) integers or strings, or (Q, L) booleans: with tags, sharing one is enough.
            gallery_labels: (G,) or (G, L) of the same kind.
            n_query: Q, which the query's vectors must have.
            n_gallery: G, which the gallery's vectors must have.
            query_sources: (Q,) identity of each query's source photo.
            gallery_sources: (G,) the same for the gallery; both or neither.
            wanted: (G,) booleans, see the class.
            ignored: (G,) booleans, see the class.

        Raises:
            EvaluationError: a vector of another length or kind, or sources on one side only.
        """
        if (query_sources is None) != (gallery_sources is None):
            missing = "query_sources" if query_sources is None else "gallery_sources"
            raise EvaluationError(f"{missing}: expected sources on both sides, got one; pass both or neither.")
        labels: Groups | SharedTags
        if are_tags(query_labels) or are_tags(gallery_labels):
            labels = shared_tags(query_labels, gallery_labels, n_query, n_gallery)
        else:
            labels = _groups(query_labels, gallery_labels, "labels", n_query, n_gallery)
        sources = None
        if query_sources is not None and gallery_sources is not None:
            sources = _groups(query_sources, gallery_sources, "sources", n_query, n_gallery)
        return cls(
            labels,
            sources,
            None if wanted is None else check_mask(wanted, "wanted", n_gallery),
            None if ignored is None else check_mask(ignored, "ignored", n_gallery),
        )

    @property
    def n_query(self) -> int:
        """How many queries there are."""
        return self.labels.n_query

    @property
    def n_gallery(self) -> int:
        """How many gallery items there are."""
        return self.labels.n_gallery

    def of(self, query: int) -> tuple[Indices, Indices]:
        """The relevant items and the left-out items of one query, as gallery indices without overlap."""
        relevant = self.labels.members(query)
        left_out = relevant[:0]
        if self.sources is not None:
            left_out = self.sources.members(query)
            relevant = relevant[self.sources.gallery_codes[relevant] != self.sources.query_codes[query]]
        if self.ignored is not None:
            left_out = np.concatenate([left_out, relevant[self.ignored[relevant]]])
            relevant = relevant[~self.ignored[relevant]]
        if self.wanted is not None:
            relevant = relevant[self.wanted[relevant]]
        return relevant, left_out


def _groups(query_ids: ArrayLike, gallery_ids: ArrayLike, kind: str, n_query: int, n_gallery: int) -> Groups:
    query = check_ids(query_ids, f"query_{kind}", n_query)
    gallery = check_ids(gallery_ids, f"gallery_{kind}", n_gallery)
    if (query.dtype.kind == "U") != (gallery.dtype.kind == "U"):
        raise EvaluationError(
            f"query_{kind}: expected the same kind as gallery_{kind}, got {query.dtype} and {gallery.dtype}; "
            "use integers or strings on both sides."
        )
    return Groups.of_ids(query, gallery)
