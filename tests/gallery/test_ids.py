from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.errors import UsageError
from unfind.gallery.ids import ID_LENGTH, checked_ids, content_id


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=300))
def test_id_is_the_beginning_of_sha256(data: bytes) -> None:
    assert content_id(data) == hashlib.sha256(data).hexdigest()[:ID_LENGTH]
    assert checked_ids([content_id(data)]) == [content_id(data)]


def test_id_of_nothing_is_known() -> None:
    assert content_id(b"") == "e3b0c44298fc1c149afbf4c8996fb924"


def test_ids_come_once_and_in_order() -> None:
    a, b = content_id(b"a"), content_id(b"b")
    assert checked_ids([b, a, b, a]) == [b, a]


@pytest.mark.parametrize("bad", ["", "A" * 32, "0" * 31, "0" * 33, "0" * 32 + "\n", "' OR 1=1 --", 7])
def test_anything_else_is_refused(bad: object) -> None:
    with pytest.raises(UsageError, match="32 lower-case hexadecimal digits"):
        checked_ids([bad])  # type: ignore[list-item]
