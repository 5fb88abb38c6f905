"""The gallery itself: photos' embeddings behind one interface, in a folder or on a server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unfind.errors import GalleryError, UsageError
from unfind.gallery.card import Card, Kind
from unfind.gallery.engine import Engine
from unfind.gallery.filter import EVERYTHING, Filter, check_text
from unfind.gallery.hit import Hit
from unfind.gallery.home import StoredFile
from unfind.gallery.ids import checked_ids
from unfind.gallery.location import parse_location
from unfind.gallery.open_engine import create_engine, open_engine
from unfind.gallery.record import Record
from unfind.gallery.ties import Row
from unfind.gallery.vectors import stored_rows

_HIT_COLUMNS = ("id", "path", "label", "width", "height", "owner", "collection", "added")


@dataclass(frozen=True)
class GalleryInfo:
    """What a gallery holds.

    Attributes:
        name: Its name for people.
        count: Photos in it.
        dimension: Numbers or bits per embedding.
        kind: How embeddings are compared.
        fingerprint: Which model made the embeddings.
        bytes_on_disk: Size of all its files; 0 for a gallery on a server.
        indexed: Whether approximate search has an index.
        created: When it was created, UTC.
        format_version: Version of its format.
    """

    name: str
    count: int
    dimension: int
    kind: Kind
    fingerprint: str
    bytes_on_disk: int
    indexed: bool
    created: datetime
    format_version: int


class Gallery:
    """Photos' embeddings: add, search, remove, erase. Make one with `create` or `open`."""

    def __init__(self, engine: Engine) -> None:
        """Used by :meth:`create` and :meth:`open`.

        Args:
            engine: The store.
        """
        self.engine = engine
        self.card = engine.card
        self.path = Path(engine.place) if "://" not in engine.place else engine.place

    @classmethod
    def create(
        cls,
        path: Path | str,
        *,
        dimension: int,
        fingerprint: str,
        name: str = "gallery",
        kind: Kind = "cosine",
    ) -> Gallery:
        """Create an empty gallery.

        Args:
            path: A folder that is empty or does not exist yet, ``s3://BUCKET/PREFIX`` (or ``gs://``, ``az://``), or
                ``milvus://HOST:PORT/COLLECTION``.
            dimension: Numbers per embedding, at least 1; for codes bits, a multiple of 8.
            fingerprint: Which model will make the embeddings; not empty.
            name: A name for people.
            kind: "cosine" for float embeddings, "hamming" for codes.

        Returns:
            The gallery, open.

        Raises:
            UsageError: When dimension or fingerprint cannot be right.
            GalleryError: When the place holds something already or cannot be written.
        """
        if dimension < 1 or not fingerprint:
            raise UsageError(
                "a gallery needs a dimension of at least 1 and its model's fingerprint, "
                f"but {dimension} and {fingerprint!r} came; take both from the embedder"
            )
        if kind == "hamming" and dimension % 8:
            raise UsageError(f"codes are packed eight bits to a byte, but {dimension} bits came; use a multiple of 8")
        check_text("name", name)
        created = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(create_engine(parse_location(path), Card(name, dimension, fingerprint, created, kind)))

    @classmethod
    def open(cls, path: Path | str, *, verify: bool = True, resident: bool = False) -> Gallery:
        """Open a gallery for reading and writing.

        Args:
            path: As for :meth:`create`.
            verify: Compare every file with its digest first, so that a damaged gallery gives no answer at all;
                takes about a second for 2 GB.
            resident: Keep all vectors in memory after the first exact search; for processes that search often.

        Returns:
            The gallery.

        Raises:
            GalleryError: When there is no gallery, it is damaged, or has another format.
        """
        return cls(open_engine(parse_location(path), verify=verify, resident=resident))

    def check_model(self, *, fingerprint: str, dimension: int) -> None:
        """Refuse a model whose embeddings cannot be compared with the ones here.

        Args:
            fingerprint: The model's fingerprint.
            dimension: Numbers per embedding that it gives.

        Raises:
            GalleryError: When one of the two is not the gallery's.
        """
        if (fingerprint, dimension) != (self.card.fingerprint, self.card.dimension):
            raise GalleryError(
                f"the gallery {self.path} holds embeddings of model {self.card.fingerprint!r} with "
                f"{self.card.dimension} dimensions, but model {fingerprint!r} with {dimension} came; "
                "use the model it was made with, or create a gallery for this one"
            )

    def writing(self) -> AbstractContextManager[None]:
        """Hold the gallery for writing over several calls, inside a ``with`` block.

        Raises:
            GalleryError: When another writer holds it.
        """
        return self.engine.writing()

    def add(self, records: Sequence[Record]) -> int:
        """Add photos in one step: after a crash all of them are there, or none.

        Args:
            records: Photos to add; those whose id is there already are left as they are.

        Returns:
            How many were added.

        Raises:
            GalleryError: When a vector does not fit, another writer holds the gallery, or the disk refuses.
        """
        with self.writing():
            there = self.present(record.id for record in records)
            # Read backwards, so that of several records with one id the first one stays.
            fresh = list({record.id: record for record in reversed(records) if record.id not in there}.values())
            if fresh:
                self.engine.put(self._checked(fresh))
            return len(fresh)

    def put(self, records: Sequence[Record]) -> int:
        """Add photos in one step, in place of what is known of photos with the same content.

        Args:
            records: Photos; of several with one id the last one counts.

        Returns:
            How many were new.

        Raises:
            GalleryError: As for :meth:`add`.
        """
        with self.writing():
            newest = list({record.id: record for record in records}.values())
            there = self.present(record.id for record in newest)
            if newest:
                self.engine.put(self._checked(newest))
            return len(newest) - len(there)

    def search(
        self,
        vectors: ArrayLike,
        k: int,
        *,
        thumbnails: bool = False,
        where: Filter = EVERYTHING,
        min_score: float | None = None,
        exact: bool = True,
    ) -> list[list[Hit]]:
        """Find the photos nearest to each query.

        Args:
            vectors: Queries (Q, D), each of length 1; for codes numbers by their signs, or packed bits.
            k: Photos wanted per query, at least 0.
            thumbnails: Whether hits carry their small pictures.
            where: Only photos that meet this.
            min_score: Only photos with at least this score, -1..1.
            exact: Look at every photo; otherwise use the index where there is one, which may miss a few.

        Returns:
            Q lists of at most k hits, best first; exact ones with equal scores in the order of their ids.

        Raises:
            UsageError: When k is negative or min_score is no number.
            GalleryError: When a query does not fit or the store is damaged.
        """
        if k < 0:
            raise UsageError(f"a search gives 0 or more photos, but k = {k} came; give a k of at least 0")
        if min_score is not None and not -1 <= min_score <= 1:
            raise UsageError(f"a score lies between -1 and 1, but min_score = {min_score} came; 0.8 is high")
        queries = self.stored(vectors)
        if k == 0 or len(queries) == 0:
            return [[] for _ in queries]
        columns = (*_HIT_COLUMNS, "thumbnail") if thumbnails else _HIT_COLUMNS
        found = self.engine.nearest(queries, k, where=where, exact=exact, columns=columns)
        lowest = -float("inf") if min_score is None else min_score
        hits = [[self._hit(row) for row in rows] for rows in found]
        return [[hit for hit in answer if hit.score >= lowest] for answer in hits]

    def stored(self, vectors: ArrayLike) -> NDArray[Any]:
        """Check vectors and bring them into the form that the gallery stores.

        Returns:
            float32 (N, D), or uint8 (N, D / 8) for codes.

        Raises:
            GalleryError: When they do not fit.
        """
        return stored_rows(vectors, self.card.dimension, self.card.kind)

    def remove(self, ids: Iterable[str]) -> int:
        """Take photos out of all searches at once; their bytes may stay on disk until :meth:`erase`.

        Args:
            ids: Content ids; those that are not there are passed over.

        Returns:
            How many photos were removed.

        Raises:
            UsageError: When one is not a content id.
            GalleryError: When another writer holds the gallery, or the disk refuses.
        """
        wanted = checked_ids(ids)
        with self.writing():
            return self.engine.delete(wanted) if wanted else 0

    def erase(self, ids: Iterable[str] = ()) -> int:
        """Remove photos and rewrite the store, so that nothing of any removed photo is left in its files.

        Takes as long as copying the gallery; a search that another process has under way meanwhile may fail
        and can be repeated. Backups and the free blocks of the disk are out of reach. An index for approximate
        search goes too. :func:`unfind.gallery.erasure.erase_with_receipt` also looks whether it is true.

        Args:
            ids: Content ids; none at all erases what earlier calls of :meth:`remove` have left.

        Returns:
            How many photos were removed by this call.

        Raises:
            UsageError: When one is not a content id.
            GalleryError: When another writer holds the gallery, or the disk refuses.
        """
        with self.writing():
            removed = self.remove(ids)
            self.engine.purge()
            return removed

    def compact(self) -> None:
        """Merge the small pieces that small additions leave; searches stay the same.

        Raises:
            GalleryError: When another writer holds the gallery, or the disk refuses.
        """
        with self.writing():
            self.engine.compact()

    def index(self) -> None:
        """Build the index for approximate search; small galleries and codes need none.

        Raises:
            GalleryError: When another writer holds the gallery, or the disk refuses.
        """
        with self.writing():
            self.engine.build_index()

    def present(self, ids: Iterable[str]) -> set[str]:
        """Say which photos are there.

        Args:
            ids: Content ids.

        Returns:
            Those of them that the gallery holds.

        Raises:
            UsageError: When one is not a content id.
        """
        return {str(row["id"]) for row in self.engine.fetch(checked_ids(ids), ["id"])}

    def records(self, ids: Iterable[str]) -> dict[str, Record]:
        """Read photos back, with their vectors and thumbnails.

        Args:
            ids: Content ids; those that are not there are missing in the answer.

        Returns:
            Records by id.

        Raises:
            UsageError: When one is not a content id.
        """
        return {row["id"]: Record(**row) for row in self.engine.fetch(checked_ids(ids))}

    def ids(self, *, after: str = "", limit: int | None = None) -> list[str]:
        """List content ids, sorted; page by page with the last one of a page as ``after``."""
        return self.engine.ids(after=checked_ids([after])[0] if after else "", limit=limit)

    def scan(self, batch: int = 1024) -> Iterator[list[Record]]:
        """Read all photos, a batch at a time, in any order."""
        return self.engine.scan(batch)

    def check(self) -> list[str]:
        """Look for damage: compare every file with its digest and read every photo.

        Returns:
            One sentence for each damage; none for a whole gallery.
        """
        return self.engine.damage()

    def info(self) -> GalleryInfo:
        """Say what the gallery holds."""
        return GalleryInfo(
            name=self.card.name,
            count=self.engine.count(),
            dimension=self.card.dimension,
            kind=self.card.kind,
            fingerprint=self.card.fingerprint,
            bytes_on_disk=sum(_sizes(self.engine.files() or ())),
            indexed=self.engine.indexed(),
            created=datetime.fromisoformat(self.card.created),
            format_version=self.card.version,
        )

    def close(self) -> None:
        """Let go of connections to a server."""
        self.engine.close()

    def _checked(self, records: Sequence[Record]) -> list[Record]:
        for record in records:
            check_text("owner", record.owner)
            check_text("collection", record.collection)
        vectors = self.stored(_stacked([record.vector for record in records]))
        return [replace(record, vector=row) for record, row in zip(records, vectors, strict=True)]

    def _hit(self, row: Row) -> Hit:
        distance = row["_distance"] * (2 / self.card.dimension if self.card.kind == "hamming" else 1)
        known = {name: value for name, value in row.items() if name in (*_HIT_COLUMNS, "thumbnail")}
        return Hit(score=1.0 - distance, **known)


def _stacked(vectors: Sequence[NDArray[Any]]) -> ArrayLike:
    return np.stack(vectors) if len({vector.shape for vector in vectors}) == 1 else list(vectors)


def _sizes(files: Iterable[StoredFile]) -> Iterator[int]:
    for path in files:
        try:
            yield int(path.stat().st_size)
        except FileNotFoundError:
            continue  # a writer has just cleaned it up
