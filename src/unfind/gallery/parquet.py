"""A gallery as one Parquet file: to move it between engines and machines, and to read it with other tools."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from unfind.errors import GalleryError
from unfind.gallery.arrow import arrow_schema, to_arrow, to_records
from unfind.gallery.card import Card, card_text, parse_card
from unfind.gallery.store import Gallery

CARD_KEY = b"unfind.card"
ROWS = 1024
"""Photos at once: about 10 MB with thumbnails."""


def export_parquet(gallery: Gallery, path: Path) -> int:
    """Write all photos with vectors, thumbnails and metadata to a file, which appears whole or not at all.

    Args:
        gallery: What to write.
        path: The file; one that is there is replaced.

    Returns:
        How many photos were written.

    Raises:
        GalleryError: When the gallery is damaged or the file cannot be written.
    """
    card = gallery.card
    schema = arrow_schema(card.dimension, card.kind).with_metadata({CARD_KEY: card_text(card).encode()})
    part = path.with_name(f".unfind-{secrets.token_hex(8)}.part")
    count = 0
    with _file_errors(path):
        try:
            with pq.ParquetWriter(part, schema, compression="zstd", write_page_checksum=True) as writer:
                for records in gallery.scan(ROWS):
                    writer.write_table(to_arrow(records, card.dimension, card.kind).cast(schema))
                    count += len(records)
            with part.open("rb") as file:
                os.fsync(file.fileno())
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    return count


def read_export(path: Path) -> Card:
    """Read the card of an export.

    Raises:
        GalleryError: When the file is no export, or is damaged.
    """
    with _file_errors(path):
        metadata = pq.read_schema(path).metadata or {}
    return parse_card(metadata.get(CARD_KEY, b""), str(path))


def import_parquet(path: Path, gallery: Gallery) -> int:
    """Take the photos of an export in; those that are there are left as they are, so it may be repeated.

    Args:
        path: A file that :func:`export_parquet` has written.
        gallery: One of the same model, kind and dimension.

    Returns:
        How many photos were added.

    Raises:
        GalleryError: When the file is damaged, the models differ, or the gallery cannot be written.
    """
    card = read_export(path)
    if card.kind != gallery.card.kind:
        raise GalleryError(
            f"the gallery {gallery.path} compares by {gallery.card.kind}, but the export by {card.kind}; "
            "import it into another one"
        )
    gallery.check_model(fingerprint=card.fingerprint, dimension=card.dimension)
    added = 0
    with gallery.writing(), _file_errors(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
        for batch in file.iter_batches(ROWS):
            added += gallery.add(to_records(pa.Table.from_batches([batch])))
        gallery.compact()
    return added


@contextmanager
def _file_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowException, ValueError) as error:
        cause = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise GalleryError(
            f"{path} must be an export of a gallery that can be read or written, but {cause!r}; check the file"
        ) from error
