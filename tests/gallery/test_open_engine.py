from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from unfind.errors import GalleryError
from unfind.gallery.card import Card
from unfind.gallery.lance_engine import LanceEngine
from unfind.gallery.location import parse_location
from unfind.gallery.milvus_engine import MilvusEngine
from unfind.gallery.open_engine import create_engine, open_engine

CARD = Card("n", 8, "m", "2024-05-06T07:08:09+00:00")


def test_a_folder_is_lancedbs(tmp_path: Path) -> None:
    assert isinstance(create_engine(tmp_path / "g", CARD), LanceEngine)
    opened = open_engine(tmp_path / "g")
    assert isinstance(opened, LanceEngine)
    assert opened.card == CARD


def test_a_bucket_is_lancedbs(place: str) -> None:
    where = parse_location(place)
    assert isinstance(create_engine(where, CARD), LanceEngine)
    opened = open_engine(where)
    assert isinstance(opened, LanceEngine)
    assert (opened.card, opened.place) == (CARD, place)


def test_a_server_is_milvus(milvus_server: str) -> None:
    place = parse_location(f"{milvus_server}/open_{secrets.token_hex(4)}")
    create_engine(place, CARD).close()
    opened = open_engine(place)
    assert isinstance(opened, MilvusEngine)
    assert opened.card == CARD
    opened.close()


def test_damage_is_looked_for_unless_told_otherwise(tmp_path: Path) -> None:
    create_engine(tmp_path / "g", CARD)
    manifest = next((tmp_path / "g").rglob("*.txn"))
    manifest.write_bytes(manifest.read_bytes()[:-1] + b"?")
    with pytest.raises(GalleryError, match="is not what was written"):
        open_engine(tmp_path / "g")
    open_engine(tmp_path / "g", verify=False)
