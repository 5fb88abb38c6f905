from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from PIL import Image
from starlette.testclient import TestClient

from unfind.images.decode import decode
from unfind.service.app import create_app
from unfind.service.backend import Backend
from unfind.service.limits import ServiceLimits
from unfind.triggers.find_mark import Findable
from unfind.triggers.key import Key
from unfind.triggers.learned import Learned
from unfind.triggers.spread_spectrum import SpreadSpectrum

JPEG = {"Content-Type": "image/jpeg"}
RED, NEARLY, GREEN = (220, 30, 30), (210, 60, 30), (30, 220, 30)


@pytest.fixture
def ids(send: Callable[..., str]) -> list[str]:
    """A red photo of ada's, a nearly red one of ben's, and a green one of ada's."""
    return [
        send(RED, 0, owner="ada"),
        send(NEARLY, 1, owner="ben", label="x"),
        send(GREEN, 2, owner="ada", collection="c"),
    ]


def found(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [hit["id"] for hit in answer.json()["hits"]]


def test_search_by_photo(http: TestClient, ids: list[str], jpeg: Callable[..., bytes]) -> None:
    def ask(**query: Any) -> Any:
        return http.post("/v1/search", content=jpeg(RED, 0), headers=JPEG, params=query)

    assert found(ask()) == ids
    assert found(ask(k=1)) == ids[:1]
    assert found(ask(without_self=True, k=1)) == ids[1:2]
    assert found(ask(owner="ada")) == [ids[0], ids[2]]
    assert found(ask(owner="ada", collection="c")) == ids[2:]
    assert found(ask(label="x", exact=False)) == ids[1:2]
    assert found(ask(min_score=0.9)) == ids[:2]
    assert found(ask(added_from="2999-01-01T00:00:00Z")) == []
    assert found(ask(added_before="2999-01-01T00:00:00+02:00")) == ids
    assert found(ask(owner="' OR 1=1 --")) == []
    assert http.get("/v1/gallery").json()["photos"] == 3


def test_hits_hold_no_path_of_the_server(http: TestClient, ids: list[str], jpeg: Callable[..., bytes]) -> None:
    [hit, *_] = http.post("/v1/search", content=jpeg(RED, 0), headers=JPEG).json()["hits"]
    assert set(hit) == {"id", "score", "label", "owner", "collection", "width", "height", "added", "thumbnail"}
    assert hit["thumbnail"] is None
    [hit, *_] = http.post("/v1/search?thumbnails=true", content=jpeg(RED, 0), headers=JPEG).json()["hits"]
    assert base64.b64decode(hit["thumbnail"]).startswith(b"\xff\xd8")


@pytest.mark.parametrize(
    "query",
    [
        *({"k": 0}, {"k": 1001}, {"k": "x"}, {"min_score": 2}, {"min_score": "nan"}, {"owner": "x" * 1025}),
        *({"owner": "\0"}, {"added_from": "yesterday"}, {"added_from": "2024-01-01T00:00:00"}),
    ],
)
def test_unfit_wishes_are_refused(http: TestClient, jpeg: Callable[..., bytes], query: dict[str, Any]) -> None:
    answer = http.post("/v1/search", content=jpeg(), headers=JPEG, params=query)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "unfit")


def test_search_by_photos_of_the_gallery(http: TestClient, ids: list[str]) -> None:
    answer = http.post("/v1/search/like", json={"ids": [ids[1], ids[0]], "k": 1})
    assert [[hit["id"] for hit in one["hits"]] for one in answer.json()["answers"]] == [[ids[0]], [ids[1]]]
    assert http.post("/v1/search/like", json={"ids": ["0" * 32]}).status_code == 404


def test_search_by_embeddings(http: TestClient, ids: list[str]) -> None:
    answer = http.post("/v1/search/embeddings", json={"embeddings": [[0, 1, 0], [1, 0, 0]], "k": 1, "owner": "ada"})
    assert [[hit["id"] for hit in one["hits"]] for one in answer.json()["answers"]] == [[ids[2]], [ids[0]]]
    for rows in ([[1, 0]], [[0, 0, 0]], [[1, 0, 0], [1]]):
        assert http.post("/v1/search/embeddings", json={"embeddings": rows}).status_code == 422


def test_verify(http: TestClient, backend: Backend, jpeg: Callable[..., bytes]) -> None:
    answer = http.post("/v1/verify", content=jpeg(size=(200, 200)), headers=JPEG).json()
    assert answer["marked"] is False
    assert backend.trigger is not None
    assert answer["key"] == backend.trigger.key.fingerprint


def with_mark(trigger: Findable, photo: bytes) -> bytes:
    file = io.BytesIO()
    Image.fromarray(trigger.mark(decode(photo).pixels)).save(file, "JPEG", quality=90)
    return file.getvalue()


@pytest.mark.parametrize(
    ("make", "owner"),
    [(SpreadSpectrum, None), (lambda key: Learned(key, owner=513), 513)],
    ids=["spread-spectrum", "learned"],
)
def test_verify_says_whose_mark_a_photo_carries(
    make: Callable[[Key], Findable],
    owner: int | None,
    http: TestClient,
    backend: Backend,
    photo_file: Callable[..., bytes],
) -> None:
    def ask(photo: bytes) -> Any:
        answer = http.post("/v1/verify", content=photo, headers=JPEG)
        assert answer.status_code == 200, answer.text
        return answer.json()

    mine, photo = make(Key.from_seed(1)), photo_file((480, 360))
    backend.trigger = mine
    found = ask(with_mark(mine, photo))
    assert (found["marked"], found["owner"], found["of_another"]) == (True, owner, False)
    assert (found["mark"], found["key"]) == (mine.name, mine.key.fingerprint)
    assert found["false_alarm"] < 1e-6
    assert found["agreement"] > 0.5
    for other in (photo, with_mark(make(Key.from_seed(2)), photo)):
        found = ask(other)
        assert (found["marked"], found["owner"]) == (False, None)
        assert found["false_alarm"] > 1e-6
        assert abs(found["agreement"]) < 0.5


def test_verify_hints_at_the_mark_of_another_key(
    http: TestClient, backend: Backend, photo_file: Callable[..., bytes]
) -> None:
    backend.trigger = Learned(Key.from_seed(1))
    others = with_mark(Learned(Key.from_seed(2)), photo_file((480, 360)))
    found = http.post("/v1/verify", content=others, headers=JPEG).json()
    assert (found["marked"], found["of_another"]) == (False, True)


def test_verify_without_a_key(
    backend: Backend, ring: Any, keys: Any, jpeg: Callable[..., bytes], make_app: Callable[..., FastAPI]
) -> None:
    backend.trigger = None
    with TestClient(create_app(backend, ring, ServiceLimits()), headers=keys["read"]) as client:
        assert client.post("/v1/verify", content=jpeg(), headers=JPEG).status_code == 409


def test_a_second_gallery_is_searched_where_it_is_asked_for(
    backend: Backend, second: Backend, ring: Any, keys: Any, jpeg: Callable[..., bytes]
) -> None:
    with TestClient(create_app(backend, ring, beside=second), headers={**keys["read"], **JPEG}) as client:
        here, there = (
            client.post("/v1/search", params={"beside": beside}, content=jpeg(GREEN)).json()["hits"]
            for beside in (False, True)
        )
    assert here == []
    assert [hit["label"] for hit in there] == ["green"]


def test_where_there_is_no_second_gallery_it_is_told(http: TestClient, jpeg: Callable[..., bytes]) -> None:
    answer = http.post("/v1/search", params={"beside": True}, content=jpeg(), headers=JPEG)
    assert answer.status_code == 409
    assert "--beside" in answer.json()["error"]["message"]
