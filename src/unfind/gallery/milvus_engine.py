"""A gallery on a Milvus server: one collection, whose properties hold the card.

Codes are stored as vectors of +-1 of length 1: their cosine is 1 - 2 h / D with h of D bits different, so that one
kind of column serves both kinds of galleries, at 32 times the memory of packed bits.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from unfind.errors import GalleryError
from unfind.gallery.card import Card, card_text, parse_card
from unfind.gallery.filter import Filter, milvus_filter
from unfind.gallery.location import MilvusPlace
from unfind.gallery.milvus_rows import MAX_TEXT_BYTES, from_row, signs, to_row
from unfind.gallery.record import Record
from unfind.gallery.ties import Row, by_distance, cut_by_id

TOKEN_VARIABLE = "UNFIND_MILVUS_TOKEN"
"""USER:PASSWORD or an API key; not in the URI, which ends up in logs and histories."""
CARD_PROPERTY = "unfind.card"
MAX_LIMIT = 16_384
"""Rows that Milvus gives at most for one search or query."""
ROWS_AT_ONCE = 500
"""Rows per request: with thumbnails about 5 MB, a tenth of what Milvus takes in one message."""
KEEPALIVE = {"grpc.keepalive_time_ms": 300_000}
"""The client asks an idle connection every ten seconds whether it is alive, which servers take for an attack."""
TIMEOUT = 30.0
"""Seconds for one request; a server that does not answer must not hold a search for ever."""


class MilvusEngine:
    """The engine for many machines; see :class:`unfind.gallery.engine.Engine`. Several writers at once are safe:
    rows are known by content id, and storing one again replaces it."""

    def __init__(self, place: MilvusPlace, client: Any, card: Card) -> None:
        """Used by :meth:`create` and :meth:`open`."""
        self.place = str(place)
        self.card = card
        self._client = client
        self._name = place.collection

    @classmethod
    def create(cls, place: MilvusPlace, card: Card) -> MilvusEngine:
        """Create an empty collection.

        Raises:
            GalleryError: When there is one of this name, or the server refuses.
        """
        client = _connect(place)
        with milvus_errors(str(place)):
            if client.has_collection(place.collection):
                raise GalleryError(
                    f"a new gallery needs a collection of its own, but {place} exists; open it or name another one"
                )
            client.create_collection(
                place.collection,
                schema=_schema(client, card),
                index_params=_index(client, "FLAT"),
                consistency_level="Strong",
                properties={CARD_PROPERTY: card_text(card)},
            )
        return cls(place, client, card)

    @classmethod
    def open(cls, place: MilvusPlace) -> MilvusEngine:
        """Open a collection.

        Raises:
            GalleryError: When there is none, it is no gallery, or the server does not answer.
        """
        client = _connect(place)
        with milvus_errors(str(place)):
            if not client.has_collection(place.collection):
                raise GalleryError(f"a gallery must exist, but {place} does not; make it with `unfind gallery create`")
            found = client.describe_collection(place.collection)
            card = parse_card(str(found["properties"].get(CARD_PROPERTY, "")).encode(), str(place))
            client.load_collection(place.collection)
        engine = cls(place, client, card)
        engine._check_columns(found)
        return engine

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Nothing to hold: the server takes several writers."""
        yield

    def put(self, records: Sequence[Record]) -> None:
        """Upsert; the server has written its log when it answers."""
        rows = [to_row(record, self.card) for record in records]
        with milvus_errors(self.place):
            for start in range(0, len(rows), ROWS_AT_ONCE):
                self._client.upsert(self._name, rows[start : start + ROWS_AT_ONCE], timeout=TIMEOUT)

    def delete(self, ids: Sequence[str]) -> int:
        """Delete by primary key."""
        with milvus_errors(self.place):
            there = [row["id"] for row in self.fetch(ids, ["id"])]
            for start in range(0, len(there), ROWS_AT_ONCE):
                self._client.delete(self._name, ids=there[start : start + ROWS_AT_ONCE], timeout=TIMEOUT)
        return len(there)

    def purge(self) -> None:
        """Ask the server to write and merge its segments; it frees old ones by itself, at a time of its own."""
        with milvus_errors(self.place):
            self._client.flush(self._name, timeout=TIMEOUT)
            self._client.compact(self._name, timeout=TIMEOUT)

    def compact(self) -> None:
        """As :meth:`purge`."""
        self.purge()

    def build_index(self) -> None:
        """Replace the flat index by graphs."""
        self._replace_index("HNSW", M=24, efConstruction=256)

    def indexed(self) -> bool:
        """Whether the vectors have a graph index."""
        with milvus_errors(self.place):
            return str(self._client.describe_index(self._name, "vector").get("index_type")) == "HNSW"

    def nearest(
        self, queries: NDArray[Any], k: int, *, where: Filter, exact: bool, columns: Sequence[str]
    ) -> list[list[Row]]:
        """Search on the server; exact search needs its flat index."""
        if k >= MAX_LIMIT:
            raise GalleryError(
                f"Milvus gives at most {MAX_LIMIT - 1} photos for a search, but k = {k} came; ask for less"
            )
        floats = signs(queries, self.card.dimension) if self.card.kind == "hamming" else queries
        if exact and self.indexed():
            raise GalleryError(
                f"exact search needs the flat index, but {self.place} has graphs; search with exact=False, "
                "or make the gallery anew without an index"
            )
        answers = self._ask(floats, k + 1, where, columns)
        return [
            cut_by_id(lambda n, q=query: self._ask(q[None], n, where, columns)[0], rows, k, most=MAX_LIMIT)  # type: ignore[misc]
            for query, rows in zip(floats, answers, strict=True)
        ]

    def fetch(self, ids: Sequence[str], columns: Sequence[str] | None = None) -> list[Row]:
        """Read rows by primary key."""
        wanted = list(columns) if columns is not None else ["*"]
        rows: list[Row] = []
        with milvus_errors(self.place):
            for start in range(0, len(ids), ROWS_AT_ONCE):
                part = list(ids[start : start + ROWS_AT_ONCE])
                rows += self._client.get(self._name, ids=part, output_fields=wanted, timeout=TIMEOUT)
        return [from_row(dict(row), self.card) for row in rows]

    def ids(self, *, after: str = "", limit: int | None = None) -> list[str]:
        """Walk over all ids."""
        found = sorted(row["id"] for rows in self._walk(["id"], MAX_LIMIT // 2, after) for row in rows)
        return found[:limit]

    def count(self) -> int:
        """Ask the server to count."""
        with milvus_errors(self.place):
            [row] = self._client.query(self._name, filter="", output_fields=["count(*)"], timeout=TIMEOUT)
        return int(row["count(*)"])

    def scan(self, batch: int) -> Iterator[list[Record]]:
        """Walk over all rows in the order of their ids."""
        for rows in self._walk(["*"], min(batch, ROWS_AT_ONCE), ""):
            yield [Record(**from_row(row, self.card)) for row in rows]

    def files(self) -> Iterable[Path] | None:
        """The server's files are out of reach."""
        return None

    def keep(self, name: str, data: bytes) -> str | None:
        """A server has no place for files."""
        return None

    def damage(self) -> list[str]:
        """Read every row; the digests of its files are the server's own affair."""
        read = sum(len(records) for records in self.scan(ROWS_AT_ONCE))
        return [] if read == self.count() else [f"the server counts {self.count()} photos but {read} can be read"]

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _ask(self, queries: NDArray[Any], limit: int, where: Filter, columns: Sequence[str]) -> list[list[Row]]:
        with milvus_errors(self.place):
            answers = self._client.search(
                self._name,
                queries.tolist(),
                limit=limit,
                filter=milvus_filter(where),
                output_fields=list(columns),
                search_params={"params": {"ef": max(128, 2 * limit)}},
                timeout=TIMEOUT,
            )
        return [by_distance([self._found(hit) for hit in hits]) for hits in answers]

    def _found(self, hit: Any) -> Row:
        cosine = float(hit["distance"])
        distance = 1 - cosine if self.card.kind == "cosine" else float(round((1 - cosine) * self.card.dimension / 2))
        return {**from_row(dict(hit["entity"]), self.card), "id": hit["id"], "_distance": distance}

    def _walk(self, columns: list[str], batch: int, after: str) -> Iterator[list[Row]]:
        with milvus_errors(self.place):
            iterator = self._client.query_iterator(
                self._name, filter=f'id > "{after}"', output_fields=columns, batch_size=batch
            )
            try:
                while rows := iterator.next():
                    yield [dict(row) for row in rows]
            finally:
                iterator.close()

    def _replace_index(self, kind: str, **settings: int) -> None:
        with milvus_errors(self.place):
            self._client.release_collection(self._name)
            self._client.drop_index(self._name, "vector")
            self._client.create_index(self._name, _index(self._client, kind, **settings))
            self._client.load_collection(self._name)

    def _check_columns(self, found: Any) -> None:
        sizes = [field["params"].get("dim") for field in found["fields"] if field["name"] == "vector"]
        if [int(size) for size in sizes if size is not None] != [self.card.dimension]:
            raise GalleryError(
                f"the collection {self.place} must hold vectors of {self.card.dimension} numbers as its card promises, "
                f"but it has {sizes}; build the gallery anew"
            )


@contextmanager
def milvus_errors(place: str) -> Iterator[None]:
    """Turn the client's errors inside a ``with`` block into one sentence.

    Raises:
        GalleryError: In place of what the client raised.
    """
    from grpc import RpcError
    from pymilvus.exceptions import MilvusException

    try:
        yield
    except (MilvusException, RpcError, OSError, ValueError) as error:
        cause = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise GalleryError(
            f"the Milvus gallery {place} must answer, but the client says {cause!r}; check server and address"
        ) from error


def _connect(place: MilvusPlace) -> Any:
    try:
        from pymilvus import MilvusClient
    except ImportError as error:
        raise GalleryError(
            "a milvus:// gallery needs the package pymilvus, but it is not installed; run pip install 'unfind[milvus]'"
        ) from error
    # The client logs every error with its traceback before it raises; ours are told once, as one sentence.
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
    with milvus_errors(str(place)):
        address = f"http://{place.host}:{place.port}"
        return MilvusClient(address, token=os.environ.get(TOKEN_VARIABLE, ""), timeout=TIMEOUT, grpc_options=KEEPALIVE)


def _schema(client: Any, card: Card) -> Any:
    from pymilvus import DataType

    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=32)
    for name in ("path", "label", "owner", "collection", "thumbnail"):
        schema.add_field(name, DataType.VARCHAR, max_length=MAX_TEXT_BYTES)
    for name in ("file_size", "width", "height", "added"):
        schema.add_field(name, DataType.INT64)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=card.dimension)
    return schema


def _index(client: Any, kind: str, **settings: int) -> Any:
    index = client.prepare_index_params()
    index.add_index("vector", index_type=kind, metric_type="COSINE", params=settings)
    return index
