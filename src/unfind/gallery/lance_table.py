"""LanceDB tables under a gallery: create, open, rewrite, with errors told as the gallery's own."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from unfind.errors import GalleryError
from unfind.gallery.card import FIRST_TABLE

# LanceDB writes its log to stderr, where it would run into progress bars; it reads the level on import.
os.environ.setdefault("RUST_LOG", "error")
# Without a choice LanceDB warns whenever the state of an index is asked for.
os.environ.setdefault("LANCE_INCLUDE_VECTOR_CENTROIDS", "false")

import lancedb

REMEMBERED_BYTES = 16 * 2**20
"""Of manifests and file descriptions. Every write makes new ones, and LanceDB's own limit is a gigabyte."""

# Every read looks for a newer version first, so that what another process removed is not found again.
_ALWAYS_FRESH = timedelta(0)


@contextmanager
def lance_errors(folder: Path | str) -> Iterator[None]:
    """Turn LanceDB's errors inside a ``with`` block into one sentence.

    Args:
        folder: The gallery's folder, for the message.

    Raises:
        GalleryError: In place of what LanceDB, Arrow or the operating system raised.
    """
    try:
        yield
    except (RuntimeError, ValueError, OSError, pa.ArrowException) as error:
        cause = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise GalleryError(
            f"the table in {folder} must be whole and accessible, but LanceDB says {cause!r}; "
            "check disk space and access, restore it from a copy, or build the gallery anew"
        ) from error


def create_table(folder: Path | str, schema: pa.Schema, name: str = FIRST_TABLE) -> Any:
    """Create an empty table.

    Args:
        folder: The gallery's folder, without a table of this name.
        schema: Its columns.
        name: Its name.

    Returns:
        The LanceDB table.

    Raises:
        GalleryError: When the table cannot be written.
    """
    with lance_errors(folder):
        return _connect(folder).create_table(name, schema=schema)


def open_table(folder: Path | str, schema: pa.Schema, name: str = FIRST_TABLE) -> Any:
    """Open the table and compare its columns with the expected ones.

    Args:
        folder: The gallery's folder.
        schema: The columns that its card promises.
        name: Its name.

    Returns:
        The LanceDB table.

    Raises:
        GalleryError: When it is absent, damaged, or has other columns.
    """
    with lance_errors(folder):
        table = _connect(folder).open_table(name)
        came = table.schema
    if not came.equals(schema):
        raise GalleryError(
            f"the table in {folder} must have the columns its card promises ({_columns(schema)}), "
            f"but it has {_columns(came)}; restore the card that belongs to it, or build the gallery anew"
        )
    return table


def rewrite_table(folder: Path | str, table: Any, schema: pa.Schema) -> Any:
    """Write the living rows into new files and drop the old ones, so that no byte of a removed row is left.

    Removing alone only marks rows; compaction leaves marked rows on disk while they are few.

    Args:
        folder: The gallery's folder.
        table: The table as it is.
        schema: Its columns.

    Returns:
        The table that took its place. When this fails half way, the old one is still whole.

    Raises:
        GalleryError: When the table cannot be read or written.
    """
    with lance_errors(folder):
        rows = table.search().limit(None).to_batches()
        fresh = _connect(folder).create_table(table.name, data=rows, schema=schema, mode="overwrite")
        drop_old_versions(fresh, older_than=timedelta(0), unverified=True)
        return fresh


def drop_table(folder: Path | str, name: str) -> None:
    """Delete a table with all its versions; nothing happens when there is none.

    Raises:
        GalleryError: When its files cannot be deleted.
    """
    with lance_errors(folder):
        _connect(folder).drop_table(name, ignore_missing=True)


def drop_old_versions(table: Any, *, older_than: timedelta, unverified: bool = False) -> None:
    """Merge small files and delete versions that nobody reads any more.

    Args:
        table: A LanceDB table.
        older_than: Keep versions younger than this.
        unverified: Also delete leftovers of writes that never finished; only for whoever holds the lock.
    """
    with warnings.catch_warnings():
        # LanceDB warns that other readers of old versions will fail; ours always move to the newest one.
        warnings.simplefilter("ignore", UserWarning)
        table.optimize(cleanup_older_than=older_than, delete_unverified=unverified)


def _connect(folder: Path | str) -> Any:
    # A session of its own: what is remembered of a table may not outlive the table that it was read from.
    session = lancedb.Session(metadata_cache_size_bytes=REMEMBERED_BYTES)
    return lancedb.connect(str(folder), read_consistency_interval=_ALWAYS_FRESH, session=session)


def _columns(schema: pa.Schema) -> str:
    return ", ".join(f"{field.name} {field.type}" for field in schema)
