from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import pytest

from unfind.errors import GalleryError
from unfind.gallery.card import Card
from unfind.gallery.milvus_rows import from_row, signs, to_row
from unfind.gallery.record import Record

FLOATS = Card("n", 8, "m", "2024-05-06T07:08:09+00:00")
CODES = replace(FLOATS, kind="hamming", dimension=16)


@pytest.mark.parametrize("card", [FLOATS, CODES], ids=["floats", "codes"])
def test_records_come_back_as_they_went(
    card: Card, unit: Callable[..., np.ndarray], record: Callable[..., Record]
) -> None:
    vector = unit(1)[0] if card is FLOATS else np.array([0b10110001, 7], np.uint8)
    before = record("ü 🐦", vector, owner='it\'s "x"')
    row = json.loads(json.dumps(to_row(before, card)))
    after = Record(**from_row(row, card))
    for field in fields(Record):
        np.testing.assert_array_equal(getattr(after, field.name), getattr(before, field.name))
    assert after.vector.dtype == before.vector.dtype


def test_some_columns_alone_can_be_read() -> None:
    assert from_row({"id": "x", "width": 3}, FLOATS) == {"id": "x", "width": 3}


@pytest.mark.parametrize("bits", [8, 64, 24])
def test_signs_have_length_one_and_the_cosine_of_the_hamming_distance(bits: int) -> None:
    codes = np.random.default_rng(0).integers(0, 256, (20, bits // 8), np.uint8)
    rows = signs(codes, bits)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-6)
    differing = np.unpackbits(codes[:1] ^ codes, axis=1).sum(axis=1)
    np.testing.assert_allclose(rows @ rows[0], 1 - 2 * differing / bits, atol=1e-6)


def test_what_is_too_long_is_refused_by_name(unit: Callable[..., np.ndarray], record: Callable[..., Record]) -> None:
    with pytest.raises(GalleryError, match="but thumbnail has"):
        to_row(record("a", unit(1)[0], thumbnail=b"x" * 60_000), FLOATS)
    with pytest.raises(GalleryError, match="but path has"):
        to_row(record("a", unit(1)[0], path="ü" * 40_000), FLOATS)
