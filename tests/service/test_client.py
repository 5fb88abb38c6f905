from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from unfind.errors import ServiceError
from unfind.gallery.ids import content_id
from unfind.service.client import Client


@pytest.fixture
def client(http: TestClient, keys: dict[str, dict[str, str]]) -> Iterator[Client]:
    """A client of the running service, over the test's transport."""
    key = keys["write"]["Authorization"].removeprefix("Bearer ")
    with Client("http://testserver", key, transport=http._transport) as made:
        yield made


def answering(*answers: httpx.Response | Exception, patience: float = 5.0) -> Client:
    """A client whose service gives these answers, one after another."""
    waiting = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"] == "Bearer k"
        given = waiting.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    return Client("http://x", "k", patience=patience, transport=httpx.MockTransport(answer))


def test_a_photo_goes_in_is_found_and_goes_out(client: Client, jpeg: Callable[..., bytes], tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg())
    added = client.add(tmp_path / "a.jpg", owner="ada", label=None)
    assert added == {"id": content_id(jpeg()), "added": True, "near_duplicate": None}
    assert client.gallery()["photos"] == 1
    before = datetime(2999, 1, 1, tzinfo=UTC)
    assert [hit["id"] for hit in client.search(jpeg(), k=3, owner="ada", added_before=before)] == [added["id"]]
    assert client.search_like([added["id"]]) == [[]]
    assert client.search_embeddings([[0, 0, 1]], k=1)[0][0]["id"] == added["id"]
    assert client.verify(jpeg())["marked"] is False
    assert client.thumbnail(added["id"]).startswith(b"\xff\xd8")
    client.remove(added["id"])
    client.add(jpeg())
    assert client.erase([added["id"]])["traces_after"] == 0


def test_all_photos_are_walked_over(client: Client, jpeg: Callable[..., bytes]) -> None:
    ids = sorted(client.add(jpeg(seed=seed))["id"] for seed in range(5))
    assert [photo["id"] for photo in client.photos(page=2)] == ids


def test_refusals_are_told_in_the_services_words(client: Client) -> None:
    with pytest.raises(ServiceError, match=r"refused with 422: Expected a photo, got an empty body"):
        client.search(b"")
    with pytest.raises(ServiceError, match="refused with 404"):
        client.remove("0" * 32)


def test_a_busy_service_is_asked_again() -> None:
    busy = httpx.Response(503, headers={"Retry-After": "0"})
    with answering(busy, busy, httpx.Response(200, json={"photos": 1})) as client:
        assert client.gallery() == {"photos": 1}
    with answering(busy, patience=0) as client, pytest.raises(ServiceError, match="503"):
        client.gallery()


def test_a_service_that_is_not_there_is_told() -> None:
    with (
        answering(httpx.ConnectError("refused")) as client,
        pytest.raises(ServiceError, match="ConnectError: is it up"),
    ):
        client.gallery()


def test_an_answer_of_something_else_is_told() -> None:
    with answering(httpx.Response(502, text="<html>")) as client, pytest.raises(ServiceError, match="502: Bad Gateway"):
        client.gallery()
