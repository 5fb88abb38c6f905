from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from unfind.gallery.erasure import photo_digest
from unfind.gallery.ids import content_id
from unfind.gallery.store import Gallery

JPEG = {"Content-Type": "image/jpeg"}


def test_a_photo_is_added_once(http: TestClient, jpeg: Callable[..., bytes], gallery: Gallery) -> None:
    first = http.post("/v1/photos?label=sea&owner=ada", content=jpeg(), headers=JPEG)
    assert first.status_code == 201
    assert first.json() == {"id": content_id(jpeg()), "added": True, "near_duplicate": None}
    assert first.headers["Location"] == f"/v1/photos/{content_id(jpeg())}"
    assert http.post("/v1/photos", content=jpeg(), headers=JPEG).json()["added"] is False
    assert Gallery.open(gallery.path).info().count == 1
    facts = http.get(first.headers["Location"]).json()
    assert (facts["label"], facts["owner"], facts["width"], facts["height"]) == ("sea", "ada", 60, 40)


def test_a_near_duplicate_is_told(http: TestClient, send: Callable[..., str], jpeg: Callable[..., bytes]) -> None:
    first = send()
    answer = http.post("/v1/photos?near_duplicates=0.99", content=jpeg(seed=9), headers=JPEG).json()
    assert answer["near_duplicate"]["id"] == first
    assert answer["near_duplicate"]["score"] > 0.99


def test_photos_are_listed_page_by_page(http: TestClient, send: Callable[..., str]) -> None:
    ids = sorted(send(seed=seed) for seed in range(5))
    first = http.get("/v1/photos?limit=3").json()
    assert [photo["id"] for photo in first["photos"]] == ids[:3]
    second = http.get("/v1/photos", params={"limit": 3, "after": first["next"]}).json()
    assert [photo["id"] for photo in second["photos"]] == ids[3:]
    assert second["next"] is None
    assert http.get("/v1/photos?after=x").status_code == 422


def test_thumbnails_are_not_kept_by_others(http: TestClient, send: Callable[..., str]) -> None:
    answer = http.get(f"/v1/photos/{send()}/thumbnail")
    assert answer.content.startswith(b"\xff\xd8")
    assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == ("image/jpeg", "private, no-store")


def test_a_removed_photo_is_not_found(http: TestClient, send: Callable[..., str], jpeg: Callable[..., bytes]) -> None:
    photo_id = send()
    assert http.delete(f"/v1/photos/{photo_id}").json() == {"removed": 1}
    assert http.post("/v1/search", content=jpeg(), headers=JPEG).json() == {"hits": []}
    for method, path in (("GET", ""), ("GET", "/thumbnail"), ("DELETE", "")):
        assert http.request(method, f"/v1/photos/{photo_id}{path}").status_code == 404


@pytest.mark.parametrize("photo_id", ["x", "0" * 31, "0" * 33, "A" * 32, "..%2f..%2fetc", "%00"])
def test_what_is_no_id_is_refused(http: TestClient, photo_id: str) -> None:
    assert http.get(f"/v1/photos/{photo_id}").status_code in (404, 422)


def test_an_erased_photo_is_in_no_file_and_has_a_receipt(
    http: TestClient, send: Callable[..., str], gallery: Gallery
) -> None:
    photo_id = send()
    for seed in range(1, 4):
        send(seed=seed)
    vector = gallery.records([photo_id])[photo_id].vector.tobytes()
    answer = http.post("/v1/erasures", json={"ids": [photo_id]})
    assert answer.status_code == 200
    receipt = answer.json()
    assert (receipt["removed"], receipt["traces_after"], receipt["verified_by"]) == (1, 0, "scan")
    assert receipt["photos"] == [photo_digest(photo_id)]
    stored = b"".join(path.read_bytes() for path in Path(gallery.path).rglob("*") if path.is_file())
    assert vector not in stored
    assert photo_id.encode() not in stored
    assert http.get("/v1/gallery").json()["photos"] == 3


def test_a_write_that_fails_tells_no_path(
    http: TestClient, jpeg: Callable[..., bytes], gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(gallery.path))

    monkeypatch.setattr("unfind.gallery.seal.replace_file", full)
    answer = http.post("/v1/photos", content=jpeg(), headers=JPEG)
    assert answer.status_code == 500
    assert str(gallery.path) not in answer.text
