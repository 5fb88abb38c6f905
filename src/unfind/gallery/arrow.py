"""Records as Arrow columns, the form in which LanceDB and Parquet files store them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unfind.gallery.card import Kind
from unfind.gallery.record import Record


def arrow_schema(dimension: int, kind: Kind = "cosine") -> pa.Schema:
    """Columns of the gallery's table.

    Args:
        dimension: Numbers or bits per embedding, at least 1.
        kind: Which of the two.

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
        "vector": _vector_type(dimension, kind),
        "thumbnail": pa.binary(),
        "owner": pa.string(),
        "collection": pa.string(),
    }
    return pa.schema([pa.field(name, kind, nullable=False) for name, kind in columns.items()])


def _vector_type(dimension: int, kind: Kind) -> Any:
    return pa.list_(pa.float32(), dimension) if kind == "cosine" else pa.list_(pa.uint8(), dimension // 8)


def to_arrow(records: Sequence[Record], dimension: int, kind: Kind = "cosine") -> pa.Table:
    """Lay records out in columns.

    Args:
        records: Any number of records whose vectors are float32 (dimension,) or uint8 (dimension / 8,).
        dimension: Numbers or bits per embedding.
        kind: Which of the two.

    Returns:
        A table with the columns of :func:`arrow_schema`, one row per record, in the order given.
    """
    schema = arrow_schema(dimension, kind)
    row = _vector_type(dimension, kind)
    dtype = row.value_type.to_pandas_dtype()
    flat = np.concatenate([record.vector for record in records]) if records else np.empty(0, dtype)
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(flat, row.value_type), row.list_size)
    columns = [
        vectors if field.name == "vector" else pa.array([getattr(r, field.name) for r in records], field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def to_records(table: pa.Table) -> list[Record]:
    """Read records back from columns.

    Args:
        table: A table with the columns of :func:`arrow_schema`; owner and collection may be missing, as in format 1.

    Returns:
        One record per row, in the table's order.
    """
    dtype = table.schema.field("vector").type.value_type.to_pandas_dtype()
    rows = table.drop_columns(["vector"]).to_pylist()
    return [Record(**row, vector=vector) for row, vector in zip(rows, vector_rows(table, dtype), strict=True)]


def vector_rows(table: pa.Table, dtype: Any) -> NDArray[Any]:
    """Take the vectors out of a table in one piece; Python lists of them would take 20 times the memory.

    Args:
        table: A table with a column ``vector`` of lists of one length.
        dtype: Type of the numbers.

    Returns:
        Contiguous array (rows, numbers per vector).
    """
    size = table.schema.field("vector").type.list_size
    parts = [chunk.flatten().to_numpy(zero_copy_only=False) for chunk in table["vector"].chunks]
    return np.concatenate([np.empty(0, dtype), *parts]).astype(dtype, copy=False).reshape(-1, size)
