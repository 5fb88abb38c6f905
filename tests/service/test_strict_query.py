from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI
from fastapi.dependencies.utils import get_dependant
from starlette.testclient import TestClient

from unfind.service.strict_query import known_words

JPEG = {"Content-Type": "image/jpeg"}


@pytest.mark.parametrize(
    ("query", "word"),
    [("owners=ada", "'owners'"), ("owner=ada&owner=eve", "'owner' twice"), ("k=3&K=4", "'K'"), ("=1", "''")],
)
def test_unknown_and_repeated_words_are_refused(
    http: TestClient, jpeg: Callable[..., bytes], query: str, word: str
) -> None:
    answer = http.post(f"/v1/search?{query}", content=jpeg(), headers=JPEG)
    assert answer.status_code == 422
    assert word in answer.json()["error"]["message"]
    assert http.post("/v1/search?owner=ada&k=3", content=jpeg(), headers=JPEG).status_code == 200


@pytest.mark.parametrize("path", ["/v1/gallery?x=1", "/v1/metrics?x", "/v1/photos?page=2"])
def test_every_route_is_closed(http: TestClient, path: str) -> None:
    assert http.get(path).status_code == 422


def test_the_health_check_takes_what_balancers_append(http: TestClient) -> None:
    assert http.get("/v1/health?now=17").status_code == 200


def test_every_operation_of_the_document_refuses_unknown_words(
    make_app: Callable[..., FastAPI], http: TestClient
) -> None:
    operations = [(path, method) for path, found in make_app().openapi()["paths"].items() for method in found]
    assert len(operations) >= 12
    for path, method in operations:
        if path == "/v1/health":
            continue
        answer = http.request(method, path.format(photo_id="0" * 32), params={"nonsense": "1"})
        assert (answer.status_code, "'nonsense'" in answer.text) == (422, True), path


def test_words_of_what_a_route_depends_on_are_known_too() -> None:
    def inner(page: int = 1) -> int:
        return page

    def outer(k: int, page: Annotated[int, Depends(inner)]) -> int:
        return k + page

    assert known_words(get_dependant(path="/", call=outer)) == {"k", "page"}


@pytest.mark.parametrize(
    ("time", "status"),
    [
        *((time, 200) for time in ("2026-01-31T12:00:00Z", "2026-01-31t12:00:00.25+02:00")),
        *((time, 422) for time in ("2026-01-31T12:00:00", "2026-01-31T12:00Z", "2026-13-31T12:00:00Z", "soon")),
        *((time, 422) for time in ("5454264", "-5", "-7.6e-138", "2026-01-31T12:00:00Z\n")),
    ],
)
def test_times_are_written_out(http: TestClient, jpeg: Callable[..., bytes], time: str, status: int) -> None:
    answer = http.post("/v1/search", params={"added_before": time}, content=jpeg(), headers=JPEG)
    assert answer.status_code == status
