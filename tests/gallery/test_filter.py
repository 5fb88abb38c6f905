from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.errors import UsageError
from unfind.gallery.filter import EVERYTHING, Filter, arrow_mask, check_text, lance_filter, microseconds, milvus_filter

NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


def test_everything_needs_no_condition() -> None:
    columns = pa.table({"owner": ["a"]})
    assert (lance_filter(EVERYTHING), milvus_filter(EVERYTHING), arrow_mask(EVERYTHING, columns)) == (None, "", None)


def test_conditions_are_joined() -> None:
    where = Filter(owner="ada", collection="c", label="l", added_from=NOON, added_before=NOON + timedelta(seconds=1))
    stamp = microseconds(NOON)
    assert lance_filter(where) == (
        "owner = 'ada' AND collection = 'c' AND label = 'l' "
        f"AND added >= to_timestamp_micros({stamp}) AND added < to_timestamp_micros({stamp + 1_000_000})"
    )
    assert milvus_filter(where) == (
        f'owner == "ada" and collection == "c" and label == "l" and added >= {stamp} and added < {stamp + 1_000_000}'
    )


@settings(deadline=None, max_examples=100)
@given(text=TEXT)
def test_quoted_text_ends_where_it_should(text: str) -> None:
    sql = lance_filter(Filter(owner=text))
    assert sql is not None
    inside = sql.removeprefix("owner = '").removesuffix("'")
    assert "'" not in inside.replace("''", "")
    assert inside.replace("''", "'") == text
    quoted = milvus_filter(Filter(owner=text)).removeprefix('owner == "').removesuffix('"')
    plain = quoted.replace(r"\\", "")
    assert '"' not in plain.replace(r"\"", "")
    assert "\n" not in quoted


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=5, minutes=30)), timezone(-timedelta(hours=9))])
def test_time_is_one_number_in_every_zone(zone: timezone) -> None:
    assert microseconds(NOON.astimezone(zone)) == int(NOON.timestamp()) * 1_000_000
    assert microseconds(datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)) == -1_000_000


def test_mask_is_the_same_in_memory() -> None:
    columns = pa.table(
        {
            "owner": ["a", "b", "a", "a"],
            "collection": ["x", "x", "y", "x"],
            "label": ["", "", "", "z"],
            "added": pa.array([NOON + timedelta(hours=i) for i in range(4)], pa.timestamp("us", tz="UTC")),
        }
    )
    for where, expected in [
        (Filter(owner="a"), [1, 0, 1, 1]),
        (Filter(owner="a", collection="x"), [1, 0, 0, 1]),
        (Filter(label=""), [1, 1, 1, 0]),
        (Filter(added_from=NOON + timedelta(hours=1), added_before=NOON + timedelta(hours=3)), [0, 1, 1, 0]),
    ]:
        np.testing.assert_array_equal(arrow_mask(where, columns), np.array(expected, bool))


def test_times_need_a_zone() -> None:
    with pytest.raises(UsageError, match="added_before must be a time with a zone"):
        Filter(added_before=datetime(2024, 1, 1))


@pytest.mark.parametrize("text", ["x" * 1025, "a\0", "\udfff"])
def test_text_that_cannot_be_stored_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="owner must be whole text"):
        Filter(owner=text)
    with pytest.raises(UsageError, match="label"):
        check_text("label", text)
    check_text("label", "x" * 1024)
