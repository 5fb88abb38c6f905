from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient


@pytest.mark.parametrize("kind", ["image/jpeg", "image/png; x=y", "IMAGE/WEBP", "application/octet-stream"])
def test_the_bytes_decide_what_a_photo_is(http: TestClient, jpeg: Callable[..., bytes], kind: str) -> None:
    assert http.post("/v1/search", content=jpeg(), headers={"Content-Type": kind}).status_code == 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "multipart/form-data; boundary=x", "application/json", "image/svg+xml", ""]
)
def test_other_kinds_are_refused(http: TestClient, jpeg: Callable[..., bytes], kind: str) -> None:
    answer = http.post("/v1/search", content=jpeg(), headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("body", [b"", b"x", b"\xff\xd8\xff", b"GIF89a" + b"\0" * 50, b"<svg/>", b"%!PS-Adobe EPSF"])
def test_what_is_no_photo_is_refused(http: TestClient, body: bytes) -> None:
    for route in ("/v1/search", "/v1/photos", "/v1/verify"):
        answer = http.post(route, content=body, headers={"Content-Type": "image/jpeg"})
        assert answer.status_code == 422, answer.text
        assert len(answer.json()["error"]["message"]) > 20


def test_a_photo_of_too_many_pixels_is_refused(http: TestClient, jpeg: Callable[..., bytes]) -> None:
    answer = http.post("/v1/search", content=jpeg(size=(4000, 260)), headers={"Content-Type": "image/jpeg"})
    assert answer.status_code == 413
