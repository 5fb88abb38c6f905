from __future__ import annotations

import json
import logging

import pytest
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.testclient import TestClient

from unfind.errors import GalleryError, ImageError, ImageLimitError, UsageError
from unfind.service.problem import CODES, ProblemError, handle_problems


@pytest.fixture
def client() -> TestClient:
    app = FastAPI()
    kinds = {
        "usage": UsageError,
        "image": ImageError,
        "limit": ImageLimitError,
        "gallery": GalleryError,
        "own": ValueError,
    }

    class Numbers(BaseModel):
        numbers: list[float]

    @app.get("/fail/{kind}")
    def fail(kind: str) -> None:
        raise kinds[kind]("secret place /home/me")

    @app.get("/problem")
    def problem() -> None:
        raise ProblemError(503, "Too much.", {"Retry-After": "2"})

    @app.post("/numbers")
    def numbers(given: Numbers) -> None:
        return None

    handle_problems(app)
    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize(("kind", "status"), [("usage", 422), ("image", 422), ("limit", 413)])
def test_what_the_client_did_is_told(client: TestClient, kind: str, status: int) -> None:
    answer = client.get(f"/fail/{kind}")
    assert answer.status_code == status
    assert answer.json() == {"error": {"code": CODES[status], "message": "secret place /home/me"}}


@pytest.mark.parametrize("kind", ["gallery", "own"])
def test_what_went_wrong_inside_is_not_told(client: TestClient, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "unfind.service"):
        answer = client.get(f"/fail/{kind}")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "request failed" in caplog.text


def test_own_problems_carry_their_headers(client: TestClient) -> None:
    answer = client.get("/problem")
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()["error"]["code"]) == (503, "2", "busy")


def test_unknown_paths_and_methods_are_told_in_the_same_way(client: TestClient) -> None:
    assert client.get("/nowhere").json()["error"]["code"] == "not_found"
    answer = client.delete("/problem")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET"


@pytest.mark.parametrize(
    "body", ['{"numbers": [NaN]}', '{"numbers": ["x"]}', "{", "[]", '{"numbers": 1e999}', "\udcff"]
)
def test_unfit_json_names_the_field_and_is_not_repeated(client: TestClient, body: str) -> None:
    data = body.encode("utf-8", "surrogateescape")
    answer = client.post("/numbers", content=data, headers={"Content-Type": "application/json"})
    assert answer.status_code in (200, 400, 422)
    if answer.status_code != 200:
        assert set(json.loads(answer.content)["error"]) == {"code", "message"}
