"""A gallery in a folder or a bucket: a LanceDB table, and a home with card and lock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from lancedb.index import HnswSq
from numpy.typing import NDArray

from unfind.errors import GalleryError
from unfind.gallery.arrow import arrow_schema, to_arrow, to_records
from unfind.gallery.card import Card
from unfind.gallery.exact_search import exact_search
from unfind.gallery.filter import Filter, lance_filter
from unfind.gallery.home import Home, StoredFile, home_at
from unfind.gallery.lance_table import (
    create_table,
    drop_old_versions,
    drop_table,
    lance_errors,
    open_table,
    rewrite_table,
)
from unfind.gallery.location import BucketPlace
from unfind.gallery.record import Record
from unfind.gallery.resident import FACTS, Resident, resident_columns
from unfind.gallery.ties import Row, by_distance

IDS_PER_FILTER = 1000
"""Longer filters make LanceDB's parser slow; a thousand ids are one scan."""
KEPT_VERSIONS = timedelta(minutes=1)
"""A search that is under way reads the version it began with; none takes this long."""
MIN_INDEXED = 5000
"""Below this a scan takes a few milliseconds, and clusters of so few rows are poor."""
ROWS_PER_PARTITION = 16_384
"""Graphs of this size answer in about a millisecond each; all of them are asked."""
CANDIDATES = 128
"""Rows that each graph looks at; measured recall@10 on 100,000 clustered vectors of 512 dimensions: 1.00."""
QUICK_NUMBERS = 2**26
"""100,000 vectors of 512 numbers are 51 million: to look at all takes 7 ms of one core, the index 8 to 10."""
REFINE = 10
"""Ten times k rows are compared again by their full vectors: the index keeps eight bits of each number."""


class LanceEngine:
    """The embedded engine; see :class:`unfind.gallery.engine.Engine`."""

    def __init__(self, home: Home, card: Card, table: Any, *, resident: bool = False) -> None:
        """Used by :meth:`create` and :meth:`open`."""
        self.home = home
        self.card = card
        self.place = home.place
        self._table = table
        self._schema = arrow_schema(card.dimension, card.kind)
        self._depth = 0
        self._keep = resident
        self._resident: Resident | None = None
        self._seen = -1

    @classmethod
    def create(cls, place: Path | BucketPlace, card: Card) -> LanceEngine:
        """Create an empty gallery in a folder or a bucket's prefix that is empty or does not exist.

        Raises:
            GalleryError: When it holds something already or cannot be written.
        """
        home = home_at(place)
        home.prepare()
        with home.held(), home.changing():
            table = create_table(home.place, arrow_schema(card.dimension, card.kind), card.table)
            # The card comes last: a folder with a card is a whole gallery.
            home.write_card(card)
        return cls(home, card, table)

    @classmethod
    def open(cls, place: Path | BucketPlace, *, verify: bool = True, resident: bool = False) -> LanceEngine:
        """Open a gallery.

        Args:
            place: The gallery's folder, or its place in a bucket.
            verify: Compare all files of a folder with their digests first; takes about a second for 2 GB.
            resident: Keep the vectors in memory after the first exact search.

        Raises:
            GalleryError: When it is no gallery, is damaged, or has another format.
        """
        home = home_at(place)
        card = home.card()
        if card.version == 1:
            raise GalleryError(
                f"this unfind uses galleries of format 2, but {place} has format 1; run `unfind gallery upgrade` on it"
            )
        if verify and (faults := home.broken()):
            raise GalleryError(
                f"the gallery {place} must hold what was written, but {faults[0]}"
                f"{f' and {len(faults) - 1} more' if len(faults) > 1 else ''}; "
                "restore it from a copy, or import an export of it"
            )
        table = open_table(home.place, arrow_schema(card.dimension, card.kind), card.table)
        return cls(home, card, table, resident=resident)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lock; a second writer is refused and told who holds it."""
        with self.home.held():
            yield

    def put(self, records: Sequence[Record]) -> None:
        """One commit of LanceDB, then its seal."""
        rows = to_arrow(records, self.card.dimension, self.card.kind)
        with self._changing():
            there = self._present([record.id for record in records])
            if there:
                merge = self._table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
                merge.execute(rows)
            else:
                self._table.add(rows)
            self._tell_resident(lambda resident: resident.put(rows))

    def delete(self, ids: Sequence[str]) -> int:
        """One commit for each thousand ids."""
        with self._changing():
            gone = sum(int(self._table.delete(where).num_deleted_rows) for where in _filters(ids))
            self._tell_resident(lambda resident: resident.drop(ids))
            return gone

    def purge(self) -> None:
        """Rewrite the table; the index of approximate search goes with its files, and so does an upgrade half done."""
        with self._changing():
            self.drop_tables(keep=(self.card.table,))
            self._table = rewrite_table(self.place, self._table, self._schema)
            self._tell_resident(lambda resident: None)

    def compact(self) -> None:
        """Merge small files, take new rows into the index, and drop old versions."""
        with self._changing():
            drop_old_versions(self._table, older_than=KEPT_VERSIONS)
            self._tell_resident(lambda resident: None)

    def build_index(self) -> None:
        """Cluster the vectors and build a graph in each cluster; codes and small galleries are scanned instead."""
        count = self.count()
        if self.card.kind == "hamming" or count < MIN_INDEXED:
            return
        with self._changing():
            partitions = max(1, count // ROWS_PER_PARTITION)
            self._table.create_index("vector", config=HnswSq(distance_type="cosine", num_partitions=partitions))
            drop_old_versions(self._table, older_than=timedelta(0))
            self._tell_resident(lambda resident: None)

    def indexed(self) -> bool:
        """Whether LanceDB has an index on the vectors."""
        with lance_errors(self.place):
            return bool(self._table.list_indices())

    def nearest(
        self, queries: NDArray[Any], k: int, *, where: Filter, exact: bool, columns: Sequence[str]
    ) -> list[list[Row]]:
        """Ask the matrix in memory, scan the table, or walk the graphs of the index."""
        with lance_errors(self.place):
            if not exact and not self._is_quick() and self.indexed():
                return [self._approximate(query, k, where, columns) for query in queries]
            if not self._keep:
                return exact_search(self._table, queries, k, columns, kind=self.card.kind, where=lance_filter(where))
            answers = self._loaded().nearest(queries, k, where)
        if not set(columns) <= set(FACTS):
            self._complete(answers, [column for column in columns if column not in FACTS])
        return answers

    def fetch(self, ids: Sequence[str], columns: Sequence[str] | None = None) -> list[Row]:
        """Read rows by id; vectors come as arrays."""
        wanted = list(columns) if columns is not None else self._schema.names
        with lance_errors(self.place):
            tables = [
                self._table.search().where(where).select(wanted).limit(None).to_arrow() for where in _filters(ids)
            ]
        if "vector" not in wanted:
            return [row for table in tables for row in table.to_pylist()]
        return [vars(record) for table in tables for record in to_records(table)]

    def ids(self, *, after: str = "", limit: int | None = None) -> list[str]:
        """Scan the ids; the table has no order of its own."""
        with lance_errors(self.place):
            search = self._table.search().select(["id"]).limit(None)
            found = (search.where(f"id > '{after}'") if after else search).to_arrow()
        return sorted(found["id"].to_pylist())[:limit]

    def count(self) -> int:
        """Rows of the table."""
        with lance_errors(self.place):
            return int(self._table.count_rows())

    def scan(self, batch: int) -> Iterator[list[Record]]:
        """Read the table as it is now, in the order of its files."""
        with lance_errors(self.place):
            for part in self._table.search().limit(None).to_batches(batch_size=batch):
                for start in range(0, part.num_rows, batch):
                    yield to_records(pa.Table.from_batches([part.slice(start, batch)]))

    def files(self) -> Iterable[StoredFile]:
        """Every file of the home."""
        return self.home.files()

    def keep(self, name: str, data: bytes) -> str | None:
        """Keep a file in the home."""
        return self.home.keep(name, data)

    def damage(self) -> list[str]:
        """Compare digests, and read every row."""
        faults = self.home.broken()
        try:
            read = sum(len(records) for records in self.scan(1024))
            if read != self.count():
                faults.append(f"the table counts {self.count()} photos but {read} can be read")
        except GalleryError as error:
            faults.append(str(error))
        return faults

    def replace_table(self, card: Card) -> None:
        """Let the card speak of another table, which is whole, and drop the one it spoke of.

        The card is written at once, so a crash leaves either the old pair or the new one.
        """
        with self._changing():
            self.home.write_card(card)
            drop_table(self.place, self.card.table)

    def sibling(self, card: Card) -> LanceEngine:
        """Open the table that a later card will speak of, or create it; what was begun goes on."""
        schema = arrow_schema(card.dimension, card.kind)
        if card.table in self.home.tables():
            table = open_table(self.place, schema, card.table)
        else:
            with self._changing():
                table = create_table(self.place, schema, card.table)
        return LanceEngine(self.home, card, table)

    def drop_tables(self, keep: Sequence[str]) -> None:
        """Drop what upgrades that were cut short have left behind."""
        for name in self.home.tables() - set(keep):
            with self._changing():
                drop_table(self.place, name)

    def close(self) -> None:
        """Nothing is held open between calls."""

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with self.home.held(), lance_errors(self.place):
            self._depth += 1
            try:
                # A change inside another one is sealed with it.
                with self.home.changing() if self._depth == 1 else nullcontext():
                    yield
            finally:
                self._depth -= 1

    def _present(self, ids: Sequence[str]) -> set[str]:
        return {row["id"] for row in self.fetch(ids, ["id"])}

    def _approximate(self, query: NDArray[Any], k: int, where: Filter, columns: Sequence[str]) -> list[Row]:
        search = (
            self._table.search(query)
            .distance_type("cosine")
            .nprobes(self._partitions())
            .ef(max(CANDIDATES, REFINE * k))
        )
        if (condition := lance_filter(where)) is not None:
            search = search.where(condition, prefilter=True)
        wanted = ["id", "_distance", *(name for name in columns if name != "id")]
        return by_distance(search.refine_factor(REFINE).select(wanted).limit(k).to_list())

    def _partitions(self) -> int:
        return max(1, self.count() // ROWS_PER_PARTITION) + 1

    def _is_quick(self) -> bool:
        """Whether looking at every vector in memory takes no longer than a walk through the index."""
        return self._keep and len(self._loaded()) * self.card.dimension <= QUICK_NUMBERS

    def _loaded(self) -> Resident:
        version = int(self._table.version)
        if self._resident is None or version != self._seen:
            rows = self._table.search().select(list(resident_columns())).limit(None).to_arrow()
            self._resident, self._seen = Resident(rows, self.card.kind, self.card.dimension), version
        return self._resident

    def _tell_resident(self, tell: Any) -> None:
        # Our own write: the matrix follows it, and is not read anew for the version that it made.
        if self._resident is not None:
            tell(self._resident)
            self._seen = int(self._table.version)

    def _complete(self, answers: list[list[Row]], columns: Sequence[str]) -> None:
        ids = list({row["id"] for rows in answers for row in rows})
        found = {row["id"]: row for row in self.fetch(ids, ["id", *columns])}
        for rows in answers:
            for row in rows:
                row.update({name: found[row["id"]][name] if row["id"] in found else b"" for name in columns})


def _filters(ids: Sequence[str]) -> Iterator[str]:
    for start in range(0, len(ids), IDS_PER_FILTER):
        listed = ", ".join(f"'{photo_id}'" for photo_id in ids[start : start + IDS_PER_FILTER])
        yield f"id IN ({listed})"
