"""What only the Milvus engine does; what it shares with the other one is in test_engine.py."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable

import numpy as np
import pytest

from unfind.errors import GalleryError
from unfind.gallery.milvus_engine import MAX_LIMIT, TOKEN_VARIABLE
from unfind.gallery.record import Record
from unfind.gallery.store import Gallery


def test_a_collection_that_does_not_exist_is_refused(milvus_server: str) -> None:
    with pytest.raises(GalleryError, match="absent does not; make it"):
        Gallery.open(f"{milvus_server}/absent")


def test_a_collection_of_something_else_is_refused(milvus_server: str) -> None:
    from pymilvus import MilvusClient

    client = MilvusClient(milvus_server.replace("milvus://", "http://"))
    client.create_collection("other", dimension=8)
    with pytest.raises(GalleryError, match="must be the card of an unfind gallery"):
        Gallery.open(f"{milvus_server}/other")
    client.close()


def test_approximate_search_has_an_index_of_its_own(
    milvus_server: str, unit: Callable[..., np.ndarray], record: Callable[..., Record]
) -> None:
    gallery = Gallery.create(f"{milvus_server}/graphs", dimension=8, fingerprint="m")
    records = [record(f"{i}", row) for i, row in enumerate(unit(200))]
    gallery.add(records)
    [before] = gallery.search(unit(1, seed=5), 10)
    gallery.index()
    assert gallery.info().indexed
    [after] = gallery.search(unit(1, seed=5), 10, exact=False)
    assert len({hit.id for hit in before} & {hit.id for hit in after}) >= 9
    with pytest.raises(GalleryError, match="exact search needs the flat index"):
        gallery.search(unit(1), 1)
    gallery.close()


def test_more_photos_than_milvus_gives_are_refused(milvus_server: str, unit: Callable[..., np.ndarray]) -> None:
    gallery = Gallery.create(f"{milvus_server}/limit", dimension=8, fingerprint="m")
    with pytest.raises(GalleryError, match="ask for less"):
        gallery.search(unit(1), MAX_LIMIT)
    gallery.close()


def test_two_writers_at_once_are_safe(
    milvus_server: str, unit: Callable[..., np.ndarray], record: Callable[..., Record]
) -> None:
    one = Gallery.create(f"{milvus_server}/writers", dimension=8, fingerprint="m")
    other = Gallery.open(f"{milvus_server}/writers")
    records = [record(f"{i}", row) for i, row in enumerate(unit(6))]
    with one.writing(), other.writing():
        one.add(records[:4])
        other.put(records[2:])
    assert one.info().count == other.info().count == 6
    one.close()
    other.close()


def test_a_server_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pymilvus")
    monkeypatch.setenv(TOKEN_VARIABLE, "me:secret")
    monkeypatch.setattr("unfind.gallery.milvus_engine.TIMEOUT", 1.0)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(GalleryError, match=f"127.0.0.1:{port}/unfind must answer") as caught:
        Gallery.open(f"milvus://127.0.0.1:{port}")
    assert "secret" not in str(caught.value)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with pytest.raises(GalleryError, match=r"unfind\[milvus\]"):
        Gallery.open("milvus://localhost")
