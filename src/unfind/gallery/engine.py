"""What the gallery asks of a vector store. Two keep to it: LanceDB in a folder, and Milvus on a server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from numpy.typing import NDArray

from unfind.gallery.card import Card
from unfind.gallery.filter import Filter
from unfind.gallery.home import StoredFile
from unfind.gallery.record import Record
from unfind.gallery.ties import Row


class Engine(Protocol):
    """A store of records of one card. Ids that come in are content ids, vectors are checked already."""

    @property
    def place(self) -> str:
        """Where it is, for messages."""

    @property
    def card(self) -> Card:
        """The card that is kept with the records."""

    def writing(self) -> AbstractContextManager[None]:
        """Hold the store for writing; GalleryError when it has one writer at a time and another one holds it."""

    def put(self, records: Sequence[Record]) -> None:
        """Store records in one step, in place of those with the same ids; durable when it returns."""

    def delete(self, ids: Sequence[str]) -> int:
        """Take records out of all later answers; returns how many there were."""

    def purge(self) -> None:
        """Free the bytes of everything that was ever deleted or replaced."""

    def compact(self) -> None:
        """Merge small pieces; answers stay the same."""

    def build_index(self) -> None:
        """Make approximate search fast."""

    def indexed(self) -> bool:
        """Whether approximate search has an index to use."""

    def nearest(
        self, queries: NDArray[Any], k: int, *, where: Filter, exact: bool, columns: Sequence[str]
    ) -> list[list[Row]]:
        """Find the k >= 1 nearest rows for each of Q >= 1 queries, with ``id``, ``_distance`` and the columns.

        ``_distance`` is 1 minus the cosine, or the number of bits that differ. Exact answers come in the order of
        distance and then of ids.
        """

    def fetch(self, ids: Sequence[str], columns: Sequence[str] | None = None) -> list[Row]:
        """Rows by id, all columns when None, in any order."""

    def ids(self, *, after: str = "", limit: int | None = None) -> list[str]:
        """Content ids above ``after``, sorted, at most ``limit``."""

    def count(self) -> int:
        """Records that are there."""

    def scan(self, batch: int) -> Iterator[list[Record]]:
        """All records, ``batch`` at a time, in any order."""

    def files(self) -> Iterable[StoredFile] | None:
        """Every file in which bytes of records may lie; None when they are out of reach."""

    def keep(self, name: str, data: bytes) -> str | None:
        """Keep a small file beside the records; returns where, None when there is no place for it."""

    def damage(self) -> list[str]:
        """One sentence for each damage found."""

    def close(self) -> None:
        """Let go of connections."""
