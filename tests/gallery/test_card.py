from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unfind.errors import GalleryError
from unfind.gallery.card import CARD_NAME, MAX_CARD_BYTES, Card, card_text, parse_card, read_card, write_card

CARD = Card("birds ü", 128, "sha256:abc", "2024-05-06T07:08:09+00:00")


def test_card_comes_back(tmp_path: Path) -> None:
    write_card(tmp_path, CARD)
    assert read_card(tmp_path) == CARD
    assert [entry.name for entry in tmp_path.iterdir()] == [CARD_NAME]


def test_card_is_readable_json(tmp_path: Path) -> None:
    write_card(tmp_path, CARD)
    assert json.loads((tmp_path / CARD_NAME).read_text(encoding="utf-8")) == asdict(CARD)


def test_card_of_the_first_format_is_read(tmp_path: Path) -> None:
    old = {key: value for key, value in asdict(CARD).items() if key not in ("kind", "table")} | {"version": 1}
    (tmp_path / CARD_NAME).write_text(json.dumps(old))
    assert read_card(tmp_path) == replace(CARD, version=1)


def test_card_may_come_from_elsewhere_than_a_file() -> None:
    assert parse_card(card_text(CARD).encode(), "milvus://host/birds") == CARD
    with pytest.raises(GalleryError, match="milvus://host/birds must be"):
        parse_card(b"", "milvus://host/birds")


def test_card_in_an_absent_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match="must be writable"):
        write_card(tmp_path / "absent", CARD)


@pytest.mark.parametrize("place", ["", "absent", "file"])
def test_what_is_no_gallery_is_called_so(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(GalleryError, match="has none; give the folder"):
        read_card(tmp_path / place)


def test_newer_format_asks_for_an_update(tmp_path: Path) -> None:
    (tmp_path / CARD_NAME).write_text(json.dumps(asdict(CARD) | {"version": 3, "more": 1}))
    with pytest.raises(GalleryError, match=r"up to format 2, but .* has format 3; update unfind"):
        read_card(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "other"},
        {"version": 0},
        {"version": True},
        {"version": "1"},
        {"dimension": 0},
        {"dimension": "128"},
        {"dimension": True},
        {"fingerprint": None},
        {"created": "yesterday"},
        {"created": "2024-05-06T07:08:09"},
        {"extra": 1},
        {"kind": "dot"},
        {"kind": "hamming", "dimension": 12},
        {"table": "../elsewhere"},
    ],
)
def test_wrong_fields_are_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    (tmp_path / CARD_NAME).write_text(json.dumps(asdict(CARD) | change))
    with pytest.raises(GalleryError, match="must be the card of an unfind gallery"):
        read_card(tmp_path)


@pytest.mark.parametrize("field", list(asdict(CARD)))
def test_missing_fields_are_refused(tmp_path: Path, field: str) -> None:
    fields = asdict(CARD)
    del fields[field]
    (tmp_path / CARD_NAME).write_text(json.dumps(fields))
    with pytest.raises(GalleryError):
        read_card(tmp_path)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 60_000, b" " * (MAX_CARD_BYTES + 1)])
def test_damaged_cards_are_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / CARD_NAME).write_bytes(data)
    with pytest.raises(GalleryError, match="restore it from a copy"):
        read_card(tmp_path)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200), cut=st.integers(0, 200))
def test_any_bytes_give_a_card_or_a_gallery_error(tmp_path: Path, data: bytes, cut: int) -> None:
    whole = json.dumps(asdict(CARD)).encode()
    (tmp_path / CARD_NAME).write_bytes(whole[:cut] + data)
    with contextlib.suppress(GalleryError):
        assert read_card(tmp_path) == CARD
