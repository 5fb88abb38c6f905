from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from unfind.service.access import needed_role


def operations(app: FastAPI) -> list[tuple[str, str, dict[str, Any]]]:
    """Every operation of the OpenAPI document, with an id filled in."""
    return [
        (method.upper(), path.replace("{photo_id}", "0" * 32), operation)
        for path, methods in app.openapi()["paths"].items()
        for method, operation in methods.items()
    ]


@pytest.mark.parametrize(
    ("method", "path", "role"),
    [
        ("GET", "/v1/health", None),
        ("GET", "/", None),
        ("GET", "/index.html", None),
        ("GET", "/v1/photos", "read"),
        ("HEAD", "/v1/gallery", "read"),
        ("POST", "/v1/search", "read"),
        ("POST", "/v1/search/like", "read"),
        ("POST", "/v1/verify", "read"),
        ("POST", "/v1/searching", "write"),
        ("POST", "/v1/photos", "write"),
        ("DELETE", "/v1/photos/x", "write"),
        ("POST", "/v1/erasures", "write"),
        ("PUT", "/v1/unknown", "write"),
        ("GET", "/v1/openapi.json", "read"),
    ],
)
def test_roles(method: str, path: str, role: str | None) -> None:
    assert needed_role(method, path) == role


def test_every_operation_but_health_refuses_strangers(make_app: Callable[..., FastAPI], keys: Any) -> None:
    app = make_app()
    stranger = TestClient(app)
    strange = (
        {},
        {"Authorization": "Bearer x"},
        {"Authorization": keys["read"]["Authorization"].replace("Bearer", "Basic")},
    )
    found = operations(app)
    assert len(found) >= 12
    for method, path, operation in found:
        for headers in strange:
            answer = stranger.request(method, path, headers=headers)
            if path == "/v1/health":
                assert answer.json() == {"status": "ok"}
                continue
            assert answer.status_code == 401, (method, path)
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert answer.json()["error"]["code"] == "unauthorized"
            assert operation["security"]
            assert "401" in operation["responses"]


def test_a_key_that_may_read_cannot_write(make_app: Callable[..., FastAPI], keys: Any) -> None:
    app = make_app()
    reader = TestClient(app, headers=keys["read"])
    refused = {(m, p) for m, p, _ in operations(app) if reader.request(m, p).status_code == 403}
    assert refused == {("POST", "/v1/photos"), ("DELETE", f"/v1/photos/{'0' * 32}"), ("POST", "/v1/erasures")}


def test_unknown_paths_of_the_api_tell_strangers_nothing(make_app: Callable[..., FastAPI]) -> None:
    stranger = TestClient(make_app())
    assert stranger.get("/v1/nothing").status_code == 401
    assert stranger.get("/v1/openapi.json").status_code == 401
    assert stranger.get("/docs").status_code == 404


def test_strangers_are_refused_before_their_body_is_read(make_app: Callable[..., FastAPI]) -> None:
    read: list[int] = []

    def body() -> Any:
        read.append(1)
        yield b"x"

    assert TestClient(make_app()).post("/v1/search", content=body()).status_code == 401
    assert TestClient(make_app()).post("/v1/photos", headers={"Content-Length": "999999999"}).status_code == 401


def test_two_keys_in_one_request_are_none(make_app: Callable[..., FastAPI], keys: Any) -> None:
    text = keys["read"]["Authorization"]
    answer = TestClient(make_app()).get("/v1/gallery", headers=[("Authorization", text), ("Authorization", text)])
    assert answer.status_code == 401


def test_other_hosts_pages_get_no_permission(http: TestClient) -> None:
    answer = http.options("/v1/gallery", headers={"Origin": "https://evil", "Access-Control-Request-Method": "GET"})
    assert not any(name.lower().startswith("access-control") for name in answer.headers)
    answer = http.get("/v1/gallery", headers={"Origin": "https://evil"})
    assert not any(name.lower().startswith("access-control") for name in answer.headers)
