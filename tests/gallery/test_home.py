from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from unfind.errors import GalleryError
from unfind.gallery.card import Card
from unfind.gallery.erasure import erase_with_receipt
from unfind.gallery.home import BucketHome, FolderHome, Home, home_at
from unfind.gallery.location import parse_location
from unfind.gallery.record import Record
from unfind.gallery.seal import broken
from unfind.gallery.store import Gallery

CARD = Card("tests", 8, "model-1", "2026-01-02T03:04:05+00:00")


@pytest.fixture(params=["folder", "bucket"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    place = tmp_path / "g" if request.param == "folder" else parse_location(request.getfixturevalue("place"))
    return home_at(place)  # type: ignore[arg-type]


def test_the_place_decides(tmp_path: Path, bucket: str) -> None:
    assert isinstance(home_at(tmp_path), FolderHome)
    assert isinstance(home_at(parse_location(f"{bucket}/x")), BucketHome)  # type: ignore[arg-type]


def test_a_card_comes_back(home: Home) -> None:
    home.prepare()
    home.write_card(CARD)
    assert home.card() == CARD
    assert home.tables() == set()


def test_no_card_is_no_gallery(home: Home) -> None:
    with pytest.raises(GalleryError):
        home.card()


def test_a_place_in_use_is_not_prepared(home: Home) -> None:
    home.prepare()
    home.write_card(CARD)
    with pytest.raises(GalleryError, match="open it instead"):
        home.prepare()


def test_files_are_kept_and_listed(home: Home) -> None:
    home.prepare()
    home.write_card(CARD)
    where = home.keep("receipts/one.json", b"{}")
    assert where.endswith("receipts/one.json")
    assert 2 in [file.stat().st_size for file in home.files()]
    assert home.broken() == []


def test_one_writer_at_a_time(home: Home) -> None:
    home.prepare()
    other = home_at(parse_location(home.place))  # type: ignore[arg-type]
    with home.held(), pytest.raises(GalleryError, match=f"process {os.getpid()}"), other.held():
        pytest.fail("two writers")


def test_what_is_kept_in_a_folder_is_sealed(tmp_path: Path) -> None:
    home = FolderHome(tmp_path / "g")
    home.prepare()
    path = Path(home.keep("receipts/one.json", b'{"removed": 1}'))
    path.write_bytes(b'{"removed": 2}')
    assert broken(tmp_path / "g") == ["receipts/one.json is not what was written"]


def test_a_lost_lease_acknowledges_nothing(
    place: str, unit: Callable[..., np.ndarray], record: Callable[..., Record]
) -> None:
    from unfind.gallery.bucket import Bucket
    from unfind.gallery.lease import LEASE_NAME

    gallery = Gallery.create(place, dimension=8, fingerprint="model-1")
    with gallery.writing():
        Bucket(parse_location(place)).write(LEASE_NAME, b"{}")  # type: ignore[arg-type]
        with pytest.raises(GalleryError, match="another one has taken over"):
            gallery.add([record("a.jpg", unit(1)[0])])


def test_an_erasure_in_a_bucket_leaves_no_byte_and_a_receipt(
    place: str, unit: Callable[..., np.ndarray], record: Callable[..., Record]
) -> None:
    gallery = Gallery.create(place, dimension=8, fingerprint="model-1")
    records = [record(f"{i}.jpg", row) for i, row in enumerate(unit(6))]
    gallery.add(records[:3])
    gallery.add(records[3:])
    receipt = erase_with_receipt(gallery, [records[1].id])
    assert (receipt.verified_by, receipt.removed, receipt.traces_after) == ("scan", 1, 0)
    assert receipt.traces_before >= 2
    assert any("bucket" in reach for reach in receipt.out_of_reach)
    needles = (records[1].vector.tobytes(), records[1].id.encode(), b"\xff\xd81.jpg")
    kept = []
    for file in gallery.engine.files() or ():
        with file.open("rb") as stream:
            data = stream.read(10**7)
        assert not any(needle in data for needle in needles)
        if data.startswith(b'{\n  "gallery"'):
            kept.append(json.loads(data))
    assert [one["removed"] for one in kept] == [1]
    assert set(Gallery.open(place).ids()) == {one.id for one in records} - {records[1].id}
