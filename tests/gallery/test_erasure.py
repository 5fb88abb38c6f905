from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from unfind.errors import GalleryError
from unfind.gallery.erasure import RECEIPTS, erase_with_receipt, photo_digest
from unfind.gallery.ids import content_id
from unfind.gallery.lance_engine import LanceEngine
from unfind.gallery.record import Record
from unfind.gallery.store import Gallery

Unit = Callable[..., np.ndarray]
MakeRecord = Callable[..., Record]


@pytest.fixture
def filled(gallery: Gallery, unit: Unit, record: MakeRecord) -> list[Record]:
    """Forty photos in several files and versions."""
    records = [record(f"{i}.jpg", row) for i, row in enumerate(unit(40))]
    gallery.add(records[:20])
    gallery.add(records[20:])
    return records


def stored(gallery: Gallery) -> bytes:
    return b"".join(p.read_bytes() for p in Path(gallery.path).rglob("*") if p.is_file())


def test_receipt_tells_what_was_done_and_that_it_is_true(gallery: Gallery, filled: list[Record]) -> None:
    gone = filled[3:6]
    before = stored(gallery)
    assert all(r.vector.tobytes() in before and r.id.encode() in before for r in gone)
    receipt = erase_with_receipt(gallery, [*(r.id for r in gone), content_id(b"never")])
    assert (receipt.removed, receipt.verified_by, receipt.traces_before, receipt.traces_after) == (3, "scan", 6, 0)
    assert (receipt.shared, len(receipt.photos)) == (0, 4)
    assert receipt.photos[0] == photo_digest(gone[0].id)
    assert receipt.files > 3
    assert receipt.bytes > 1000
    after = stored(gallery)
    for trace in [
        trace for r in gone for trace in (r.id.encode(), r.vector.tobytes(), r.thumbnail, r.path.encode() + b"\0")
    ]:
        assert trace not in after
    assert filled[0].vector.tobytes() in after
    assert gallery.check() == []


def test_receipt_is_kept_and_names_no_photo(gallery: Gallery, filled: list[Record]) -> None:
    receipt = erase_with_receipt(gallery, [filled[0].id])
    [file] = (Path(gallery.path) / RECEIPTS).iterdir()
    kept = json.loads(file.read_text())
    assert kept == json.loads(receipt.to_json())
    assert (kept["format"], kept["version"]) == ("unfind-erasure", 1)
    assert filled[0].id not in file.read_text()
    assert Gallery.open(gallery.path).info().count == 39


def test_what_remove_left_is_erased_too(gallery: Gallery, filled: list[Record]) -> None:
    gallery.remove([filled[0].id])
    receipt = erase_with_receipt(gallery, [])
    assert (receipt.removed, receipt.photos) == (0, ())
    assert filled[0].vector.tobytes() not in stored(gallery)


def test_a_replaced_vector_is_erased_from_older_versions(gallery: Gallery, filled: list[Record]) -> None:
    old = filled[0].vector
    gallery.put([Record(**{**vars(filled[0]), "vector": -old})])
    erase_with_receipt(gallery, [filled[0].id])
    assert old.tobytes() not in stored(gallery)
    assert (-old).tobytes() not in stored(gallery)


def test_a_vector_that_another_photo_shares_is_no_trace(
    gallery: Gallery, filled: list[Record], record: MakeRecord
) -> None:
    twin = record("twin.jpg", filled[0].vector)
    gallery.add([twin])
    receipt = erase_with_receipt(gallery, [filled[0].id])
    assert (receipt.traces_after, receipt.shared) == (0, 1)
    assert twin.id in gallery.ids()


def test_photos_that_are_left_are_no_success(
    gallery: Gallery, filled: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LanceEngine, "purge", lambda self: None)
    with pytest.raises(GalleryError, match="nothing of a photo may be left"):
        erase_with_receipt(gallery, [filled[0].id])
    assert not (Path(gallery.path) / RECEIPTS).exists()


def test_an_upgrade_half_done_is_erased_too(gallery: Gallery, filled: list[Record]) -> None:
    (Path(gallery.path) / "photos-0123456789ab.lance").mkdir()
    (Path(gallery.path) / "photos-0123456789ab.lance" / "x").write_bytes(filled[0].vector.tobytes())
    erase_with_receipt(gallery, [filled[0].id])
    assert filled[0].vector.tobytes() not in stored(gallery)


def test_a_server_is_verified_by_asking_and_says_what_is_out_of_reach(
    milvus_server: str, unit: Unit, record: MakeRecord
) -> None:
    gallery = Gallery.create(f"{milvus_server}/erasure", dimension=8, fingerprint="m")
    gallery.add([record(f"{i}", row) for i, row in enumerate(unit(3))])
    receipt = erase_with_receipt(gallery, [record("1", unit(1)[0]).id])
    assert (receipt.verified_by, receipt.removed, receipt.files) == ("query", 1, 0)
    assert "server's files" in receipt.out_of_reach[0]
    gallery.close()
