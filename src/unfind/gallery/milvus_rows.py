"""Records as rows of a Milvus collection, which has no column for bytes, times or packed bits."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unfind.errors import GalleryError
from unfind.gallery.card import Card
from unfind.gallery.filter import microseconds
from unfind.gallery.record import Record

MAX_TEXT_BYTES = 65_535
"""The most that a text column of Milvus holds: thumbnails up to 48 kB, of which usual ones take 6."""


def to_row(record: Record, card: Card) -> dict[str, Any]:
    """Write a record as plain values.

    Args:
        record: Its vector fits the card.
        card: Of the gallery.

    Returns:
        A value for each column: the thumbnail in base64, the time in microseconds since 1970, codes as +-1.

    Raises:
        GalleryError: When a text or the thumbnail is longer than Milvus takes.
    """
    vector = signs(record.vector[None], card.dimension)[0] if card.kind == "hamming" else record.vector
    row = {
        **vars(record),
        "added": microseconds(record.added),
        "thumbnail": base64.b64encode(record.thumbnail).decode(),
        "vector": vector.tolist(),
    }
    sizes = {name: len(value.encode()) for name, value in row.items() if isinstance(value, str)}
    for name, size in sizes.items():
        if size > MAX_TEXT_BYTES:
            raise GalleryError(
                f"Milvus holds at most {MAX_TEXT_BYTES} bytes of text, but {name} has {size}; shorten it"
            )
    return row


def from_row(row: dict[str, Any], card: Card) -> dict[str, Any]:
    """Read the values of a row back.

    Args:
        row: Any of the columns that :func:`to_row` writes.
        card: Of the gallery.

    Returns:
        The same columns with the types of :class:`unfind.gallery.record.Record`.
    """
    values = dict(row)
    if "added" in row:
        values["added"] = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(row["added"]))
    if "thumbnail" in row:
        values["thumbnail"] = base64.b64decode(row["thumbnail"])
    if "vector" in row:
        vector = np.asarray(row["vector"], np.float32)
        values["vector"] = np.packbits(vector > 0) if card.kind == "hamming" else vector
    return values


def signs(codes: NDArray[Any], bits: int) -> NDArray[np.float32]:
    """Unpack bits into vectors of +-1 / sqrt(bits), which have length 1.

    Args:
        codes: uint8 (N, bits / 8).
        bits: Bits per code.

    Returns:
        float32 (N, bits).
    """
    unpacked = np.unpackbits(np.asarray(codes, np.uint8), axis=1)[:, :bits]
    return np.asarray((2.0 * unpacked - 1.0) / np.sqrt(bits), np.float32)
