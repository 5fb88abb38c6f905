from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.testclient import TestClient

from unfind.service.api_keys import KeyRing
from unfind.service.app import create_app
from unfind.service.backend import Backend


def test_health_tells_nothing_but_that_it_lives(http: TestClient) -> None:
    assert http.get("/v1/health", headers={"Authorization": ""}).json() == {"status": "ok"}


def test_the_gallery_is_told(http: TestClient, send: Callable[..., str]) -> None:
    send()
    told = http.get("/v1/gallery").json()
    assert told.pop("created")
    assert told == {
        "name": "tests",
        "photos": 1,
        "dimension": 3,
        "kind": "cosine",
        "model": "mean-colour-1",
        "verifies": True,
        "beside": None,
    }


def test_the_gallery_beside_is_told(backend: Backend, second: Backend, ring: KeyRing, keys: dict[str, Any]) -> None:
    with TestClient(create_app(backend, ring, beside=second), headers=keys["read"]) as client:
        assert client.get("/v1/gallery").json()["beside"] == {"name": "plain", "photos": 1, "model": "mean-colour-1"}


def test_numbers_are_prometheus_text(http: TestClient) -> None:
    answer = http.get("/v1/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "# TYPE unfind_requests_total counter" in answer.text
