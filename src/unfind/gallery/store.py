"""The gallery itself: a folder with a card and a LanceDB table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from unfind.errors import GalleryError, UsageError
from unfind.gallery.arrow import arrow_schema, to_arrow, to_records
from unfind.gallery.card import CARD_NAME, Card, read_card, write_card
from unfind.gallery.exact_search import exact_search
from unfind.gallery.hit import Hit
from unfind.gallery.ids import checked_ids
from unfind.gallery.lance_table import (
    create_table,
    drop_old_versions,
    lance_errors,
    open_table,
    rewrite_table,
)
from unfind.gallery.lock import LOCK_NAME, WriteLock
from unfind.gallery.record import Record
from unfind.gallery.vectors import unit_rows

IDS_PER_FILTER = 1000
"""Longer filters make LanceDB's parser slow; a thousand ids are one scan."""

KEPT_VERSIONS = timedelta(minutes=1)
"""A search that is under way reads the version it began with; none takes this long."""

_HIT_COLUMNS = ("id", "path", "label", "width", "height")


@dataclass(frozen=True)
class GalleryInfo:
    """What a gallery holds.

    Attributes:
        name: Its name for people.
        count: Photos in it.
        dimension: Numbers per embedding.
        fingerprint: Which model made the embeddings.
        bytes_on_disk: Size of all its files.
        created: When it was created, UTC.
        format_version: Version of the folder's format.
    """

    name: str
    count: int
    dimension: int
    fingerprint: str
    bytes_on_disk: int
    created: datetime
    format_version: int


class Gallery:
    """Photos' embeddings on disk: add, search, remove, erase. Make one with `create` or `open`."""

    def __init__(self, path: Path, card: Card, table: Any) -> None:
        """Used by :meth:`create` and :meth:`open`.

        Args:
            path: The gallery's folder.
            card: Its card.
            table: Its LanceDB table.
        """
        self.path = path
        self.card = card
        self._table = table
        self._lock = WriteLock(path)

    @classmethod
    def create(cls, path: Path | str, *, dimension: int, fingerprint: str, name: str = "gallery") -> Gallery:
        """Create an empty gallery.

        Args:
            path: A folder that is empty or does not exist yet.
            dimension: Numbers per embedding, at least 1.
            fingerprint: Which model will make the embeddings; not empty.
            name: A name for people.

        Returns:
            The gallery, open.

        Raises:
            UsageError: When dimension or fingerprint cannot be right.
            GalleryError: When the folder holds something already or cannot be written.
        """
        if dimension < 1 or not fingerprint:
            raise UsageError(
                "a gallery needs a dimension of at least 1 and its model's fingerprint, "
                f"but {dimension} and {fingerprint!r} came; take both from the embedder"
            )
        folder = _empty_folder(Path(path).absolute())
        card = Card(name, dimension, fingerprint, datetime.now(UTC).isoformat(timespec="seconds"))
        with WriteLock(folder).held():
            table = create_table(folder, arrow_schema(dimension))
            # The card comes last: a folder with a card is a whole gallery.
            write_card(folder, card)
        return cls(folder, card, table)

    @classmethod
    def open(cls, path: Path | str) -> Gallery:
        """Open a gallery for reading and writing.

        Args:
            path: The gallery's folder.

        Returns:
            The gallery.

        Raises:
            GalleryError: When the folder is no gallery, is damaged, or has a newer format.
        """
        folder = Path(path).absolute()
        card = read_card(folder)
        return cls(folder, card, open_table(folder, arrow_schema(card.dimension)))

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
        return self._lock.held()

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
                vectors = unit_rows([record.vector for record in fresh], self.card.dimension)
                checked = [replace(record, vector=row) for record, row in zip(fresh, vectors, strict=True)]
                with lance_errors(self.path):
                    self._table.add(to_arrow(checked, self.card.dimension))
            return len(fresh)

    def search(self, vectors: ArrayLike, k: int, *, thumbnails: bool = False) -> list[list[Hit]]:
        """Find the photos nearest to each query by looking at all of them.

        Args:
            vectors: Queries (Q, D), each of length 1.
            k: Photos wanted per query, at least 0.
            thumbnails: Whether hits carry their small pictures.

        Returns:
            Q lists of min(k, count) hits, best first, equal scores in the order of their ids.

        Raises:
            UsageError: When k is negative.
            GalleryError: When a query does not fit or the table is damaged.
        """
        if k < 0:
            raise UsageError(f"a search gives 0 or more photos, but k = {k} came; give a k of at least 0")
        queries = unit_rows(vectors, self.card.dimension)
        if k == 0 or len(queries) == 0:
            return [[] for _ in queries]
        columns = (*_HIT_COLUMNS, "thumbnail") if thumbnails else _HIT_COLUMNS
        with lance_errors(self.path):
            return [[_hit(row) for row in rows] for rows in exact_search(self._table, queries, k, columns)]

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
        with self.writing(), lance_errors(self.path):
            return sum(int(self._table.delete(where).num_deleted_rows) for where in _filters(wanted))

    def erase(self, ids: Iterable[str] = ()) -> int:
        """Remove photos and rewrite the table, so that nothing of any removed photo is left in its files.

        Takes as long as copying the gallery; a search that another process has under way meanwhile may fail
        and can be repeated. Backups and the free blocks of the disk are out of reach.

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
            self._table = rewrite_table(self.path, self._table, arrow_schema(self.card.dimension))
            return removed

    def compact(self) -> None:
        """Merge the small files that small additions leave; searches stay the same.

        Raises:
            GalleryError: When another writer holds the gallery, or the disk refuses.
        """
        with self.writing(), lance_errors(self.path):
            drop_old_versions(self._table, older_than=KEPT_VERSIONS)

    def present(self, ids: Iterable[str]) -> set[str]:
        """Say which photos are there.

        Args:
            ids: Content ids.

        Returns:
            Those of them that the gallery holds.

        Raises:
            UsageError: When one is not a content id.
        """
        return {str(value) for value in self._column("id", checked_ids(ids))}

    def records(self, ids: Iterable[str]) -> dict[str, Record]:
        """Read photos back, with their vectors and thumbnails.

        Args:
            ids: Content ids; those that are not there are missing in the answer.

        Returns:
            Records by id.

        Raises:
            UsageError: When one is not a content id.
        """
        with lance_errors(self.path):
            tables = [self._table.search().where(where).limit(None).to_arrow() for where in _filters(checked_ids(ids))]
        return {record.id: record for table in tables for record in to_records(table)}

    def ids(self) -> list[str]:
        """List all content ids, sorted."""
        with lance_errors(self.path):
            return sorted(self._table.search().select(["id"]).limit(None).to_arrow()["id"].to_pylist())

    def info(self) -> GalleryInfo:
        """Say what the gallery holds."""
        with lance_errors(self.path):
            count = int(self._table.count_rows())
        return GalleryInfo(
            name=self.card.name,
            count=count,
            dimension=self.card.dimension,
            fingerprint=self.card.fingerprint,
            bytes_on_disk=sum(_sizes(self.path)),
            created=datetime.fromisoformat(self.card.created),
            format_version=self.card.version,
        )

    def _column(self, name: str, ids: Sequence[str]) -> list[Any]:
        with lance_errors(self.path):
            tables = [
                self._table.search().where(where).select([name]).limit(None).to_arrow() for where in _filters(ids)
            ]
        return [value for table in tables for value in table[name].to_pylist()]


def _filters(ids: Sequence[str]) -> Iterator[str]:
    for start in range(0, len(ids), IDS_PER_FILTER):
        listed = ", ".join(f"'{photo_id}'" for photo_id in ids[start : start + IDS_PER_FILTER])
        yield f"id IN ({listed})"


def _hit(row: dict[str, Any]) -> Hit:
    return Hit(score=1.0 - row.pop("_distance"), **row)


def _sizes(folder: Path) -> Iterator[int]:
    for path in folder.rglob("*"):
        try:
            yield path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue  # a writer has just cleaned it up


def _empty_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = sorted(entry.name for entry in folder.iterdir() if entry.name != LOCK_NAME)
    except OSError as error:
        raise GalleryError(f"a new gallery needs a folder of its own, but {error}; give another path") from error
    if held:
        advice = "open it instead of creating it" if CARD_NAME in held else "give an empty or a new folder"
        raise GalleryError(f"a new gallery needs an empty folder, but {folder} holds {held[0]!r}; {advice}")
    return folder
