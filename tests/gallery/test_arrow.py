from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pytest

from unfind.gallery.arrow import arrow_schema, to_arrow, to_records
from unfind.gallery.record import Record


def test_schema_has_one_column_per_field() -> None:
    assert set(arrow_schema(8).names) == {field.name for field in fields(Record)}
    assert arrow_schema(8).field("vector").type.list_size == 8


@pytest.mark.parametrize("n", [0, 1, 5])
def test_records_come_back_as_they_went(n: int, unit: Callable[..., np.ndarray], record: Callable[..., Record]) -> None:
    records = [record(f"{i} ü🐦.jpg", row) for i, row in enumerate(unit(n))]
    back = to_records(to_arrow(records, 8))
    assert len(back) == n
    for before, after in zip(records, back, strict=True):
        assert after.vector.dtype == np.float32
        for field in fields(Record):
            np.testing.assert_array_equal(getattr(after, field.name), getattr(before, field.name))


def test_times_keep_their_zone(unit: Callable[..., np.ndarray], record: Callable[..., Record]) -> None:
    [back] = to_records(to_arrow([record("a", unit(1)[0])], 8))
    assert back.added.utcoffset() is not None
