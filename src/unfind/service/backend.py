"""What the service does with photos, without a word of HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unfind.errors import GalleryError, UsageError
from unfind.gallery.embedder import Embedder
from unfind.gallery.filter import EVERYTHING, Filter
from unfind.gallery.hit import Hit
from unfind.gallery.ids import content_id
from unfind.gallery.near_duplicates import NearDuplicate, near_duplicates
from unfind.gallery.record import Record
from unfind.gallery.store import Gallery
from unfind.gallery.thumbnail import thumbnail
from unfind.images.colour import srgb
from unfind.images.decode import decode
from unfind.images.limits import Limits
from unfind.triggers.detection import Detection
from unfind.triggers.find_mark import Findable


@dataclass(frozen=True)
class Search:
    """How to search.

    Attributes:
        k: Photos wanted, at least 1.
        exact: Look at every photo.
        min_score: Only photos with this score or more.
        where: Only photos that meet this.
        thumbnails: Whether hits carry their small pictures.
    """

    k: int = 10
    exact: bool = True
    min_score: float | None = None
    where: Filter = EVERYTHING
    thumbnails: bool = False


class Backend:
    """A gallery, the model it was made with, and maybe a mark to look for; safe to use from many threads."""

    def __init__(self, gallery: Gallery, embed: Embedder, limits: Limits, trigger: Findable | None = None) -> None:
        """Put the parts together.

        Args:
            gallery: Where photos are.
            embed: The model that it was made for.
            limits: What a photo may cost.
            trigger: The mark of the service's key, of any kind that can be found again; None for none.

        Raises:
            GalleryError: The model is not the gallery's.
        """
        gallery.check_model(fingerprint=embed.fingerprint, dimension=embed.dimension)
        self.gallery, self.trigger = gallery, trigger
        self._embed, self._limits = embed, limits

    def pixels(self, data: bytes) -> NDArray[np.uint8]:
        """Decode a photo to upright sRGB.

        Raises:
            ImageError: It is no photo, is damaged, or over a limit.
        """
        return srgb(decode(data, limits=self._limits))

    def search_photo(self, data: bytes, how: Search, *, without_self: bool = False) -> list[Hit]:
        """Find the photos most similar to one that was sent; nothing of it is kept."""
        own = content_id(data) if without_self else None
        [hits] = self._search(self._embed([self.pixels(data)]), how, more=without_self)
        return [hit for hit in hits if hit.id != own][: how.k]

    def search_like(self, ids: Sequence[str], how: Search) -> list[list[Hit]] | None:
        """Find the photos most similar to some of the gallery, each without itself; None when one is not there."""
        records = self.gallery.records(ids)
        if len(records) < len(set(ids)):
            return None
        vectors = np.stack([records[photo_id].vector for photo_id in ids])
        found = self._search(vectors, how, more=True)
        return [[hit for hit in hits if hit.id != own][: how.k] for own, hits in zip(ids, found, strict=True)]

    def search_embeddings(self, rows: Sequence[Sequence[float]], how: Search) -> list[list[Hit]]:
        """Find the photos nearest to embeddings that the client has made.

        Raises:
            UsageError: They do not fit the gallery.
        """
        try:
            vectors = self.gallery.stored(rows)
        except GalleryError as error:
            raise UsageError(str(error)) from error
        return self._search(vectors, how)

    def prepare(self, data: bytes, *, label: str, owner: str, collection: str) -> Record:
        """Decode and embed a photo for adding.

        Raises:
            ImageError: It is no photo, is damaged, or over a limit.
        """
        pixels = self.pixels(data)
        [vector] = self.gallery.stored(self._embed([pixels]))
        return Record(
            id=content_id(data),
            path="",
            file_size=len(data),
            width=pixels.shape[1],
            height=pixels.shape[0],
            added=datetime.now(UTC),
            vector=vector,
            label=label,
            thumbnail=thumbnail(pixels),
            owner=owner,
            collection=collection,
        )

    def near_duplicate(self, record: Record, threshold: float) -> NearDuplicate | None:
        """The photo of the gallery that looks the same as one, which is not in it yet."""
        found = near_duplicates(self.gallery, [record.id], record.vector[None], threshold)
        return next((notice for notice in found if notice.twin != record.id), None)

    def facts(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """What is known of photos, by id."""
        columns = ("id", "label", "owner", "collection", "width", "height", "file_size", "added")
        return sorted(self.gallery.engine.fetch(ids, columns), key=lambda row: str(row["id"]))

    def thumbnail(self, photo_id: str) -> bytes | None:
        """The small picture of a photo; None when there is no such photo."""
        rows = self.gallery.engine.fetch([photo_id], ["id", "thumbnail"])
        return bytes(rows[0]["thumbnail"]) if rows else None

    def verify(self, data: bytes) -> Detection | None:
        """Look for the mark; None when the service has no key."""
        return self.trigger.find(self.pixels(data)) if self.trigger is not None else None

    def _search(self, vectors: NDArray[Any], how: Search, *, more: bool = False) -> list[list[Hit]]:
        return self.gallery.search(
            vectors,
            how.k + more,
            thumbnails=how.thumbnails,
            where=how.where,
            min_score=how.min_score,
            exact=how.exact,
        )
