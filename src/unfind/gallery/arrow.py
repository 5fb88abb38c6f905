"""Records as Arrow columns, the form in which LanceDB stores them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from unfind.gallery.record import Record


def arrow_schema(dimension: int) -> pa.Schema:
    """Columns of the gallery's table.

    Args:
        dimension: Numbers per embedding, at least 1.

    Returns:
        One column per field of :class:`unfind.gallery.record.Record`.
    """
    columns = {
        "id": pa.string(),
        "path": pa.string(),
        "file_size": pa.int64(),
        "width": pa.int32(),
        "height": pa.int32(),
        "added": pa.timestamp("us", tz="UTC"),
        "label": pa.string(),
        "vector": pa.list_(pa.float32(), dimension),
        "thumbnail": pa.binary(),
    }
    return pa.schema([pa.field(name, kind, nullable=False) for name, kind in columns.items()])


def to_arrow(records: Sequence[Record], dimension: int) -> pa.Table:
    """Lay records out in columns.

    Args:
        records: Any number of records whose vectors are float32 (dimension,).
        dimension: Numbers per embedding.

    Returns:
        A table with the columns of :func:`arrow_schema`, one row per record, in the order given.
    """
    schema = arrow_schema(dimension)
    flat = np.concatenate([record.vector for record in records]) if records else np.empty(0, np.float32)
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(flat, pa.float32()), dimension)
    columns = [
        vectors if field.name == "vector" else pa.array([getattr(r, field.name) for r in records], field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def to_records(table: pa.Table) -> list[Record]:
    """Read records back from columns.

    Args:
        table: A table with the columns of :func:`arrow_schema`.

    Returns:
        One record per row, in the table's order.
    """
    return [Record(**{**row, "vector": np.asarray(row["vector"], dtype=np.float32)}) for row in table.to_pylist()]
