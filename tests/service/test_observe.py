from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator

import pytest
from starlette.testclient import TestClient

from unfind.service.observe import JsonLines, Meters, log_to_stderr, route_of


def test_a_line_tells_route_key_status_and_time_but_no_photo(
    http: TestClient, send: Callable[..., str], jpeg: Callable[..., bytes], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "unfind.service"):
        photo_id = send(owner="ada-secret", label="sea-secret")
        http.get(f"/v1/photos/{photo_id}")
        http.post("/v1/search?owner=ada-secret", content=jpeg(), headers={"Content-Type": "image/jpeg"})
        http.post("/v1/erasures", json={"ids": [photo_id]})
        http.get("/v1/nothing/at-all")
    lines = [json.loads(JsonLines().format(record)) for record in caplog.records if record.name == "unfind.service"]
    assert [(line["method"], line["route"], line["status"]) for line in lines] == [
        ("POST", "/v1/photos", 201),
        ("GET", "/v1/photos/{photo_id}", 200),
        ("POST", "/v1/search", 200),
        ("POST", "/v1/erasures", 200),
        ("GET", "other", 404),
    ]
    assert all(line["key"] == "write" and line["ms"] >= 0 and line["event"] == "request" for line in lines)
    assert lines[0]["bytes"] == len(jpeg())
    text = json.dumps(lines)
    assert photo_id not in text
    assert "secret" not in text
    assert "/at-all" not in text


def test_numbers_count_what_happened(http: TestClient, send: Callable[..., str]) -> None:
    send()
    http.get("/v1/photos/" + "0" * 32)
    answer = http.get("/v1/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    text = answer.text
    assert 'unfind_requests_total{method="POST",route="/v1/photos",status="201"} 1.0' in text
    assert 'unfind_requests_total{method="GET",route="/v1/photos/{photo_id}",status="404"} 1.0' in text
    assert "unfind_gallery_photos 1.0" in text
    assert 'unfind_request_seconds_count{route="/v1/photos"} 1.0' in text


def test_methods_and_routes_of_strangers_make_no_new_numbers(http: TestClient) -> None:
    for number in range(5):
        http.request(f"ODD{number}", f"/v1/{number}")
    text = http.get("/v1/metrics").text
    assert "ODD" not in text
    assert 'method="other",route="other"' in text


def test_two_services_count_for_themselves() -> None:
    one, other = Meters(), Meters()
    one.photos.set(3)
    assert b"unfind_gallery_photos 0.0" in other.text()


def test_a_request_without_a_route_is_other() -> None:
    assert route_of({"type": "http", "path": "/secret"}) == "other"


@pytest.fixture
def _logs_as_they_were() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in ("unfind.service", "uvicorn.error")]
    before = [(log.handlers[:], log.level, log.propagate) for log in loggers]
    yield
    for log, (handlers, level, propagate) in zip(loggers, before, strict=True):
        log.handlers[:], log.level, log.propagate = handlers, level, propagate


@pytest.mark.usefixtures("_logs_as_they_were")
def test_the_log_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    log_to_stderr()
    logging.getLogger("unfind.service").info("hello", extra={"facts": {"x": 1}})
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["level"], line["x"]) == ("hello", "info", 1)


@pytest.mark.usefixtures("_logs_as_they_were")
def test_what_the_http_server_warns_of_is_a_line_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    log_to_stderr()
    server = logging.getLogger("uvicorn.error")
    server.info("started")
    server.error("Traceback (most recent call last):\n  File x\nGalleryError: a gallery has one writer\n")
    [line] = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "GalleryError: a gallery has one writer"
