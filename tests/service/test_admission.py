from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from unfind.service.admission import Gate
from unfind.service.backend import Backend
from unfind.service.limits import ServiceLimits
from unfind.service.problem import ProblemError

JPEG = {"Content-Type": "image/jpeg"}
TIGHT = ServiceLimits(readers=1, writers=1, waiting=1, body_bytes=200_000, retry_seconds=3)


@pytest.fixture
def held(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Searches wait until this is set."""
    release = threading.Event()
    real = Backend.search_photo

    def search(self: Backend, *arguments: Any, **options: Any) -> Any:
        assert release.wait(20)
        return real(self, *arguments, **options)

    monkeypatch.setattr(Backend, "search_photo", search)
    return release


def test_a_gate_admits_those_who_work_and_those_who_wait() -> None:
    async def story() -> None:
        gate = Gate(1, 1, 7)
        async with gate.admitted(), gate.admitted():
            with pytest.raises(ProblemError) as caught:
                async with gate.admitted():
                    pytest.fail("a third one came in")
            assert (caught.value.status, caught.value.headers) == (503, {"Retry-After": "7"})
        async with gate.admitted(), gate.slot():
            assert gate.inside == 1
        assert gate.inside == 0

    asyncio.run(story())


def test_too_many_requests_are_refused_at_once_and_the_others_served(
    make_app: Callable[..., FastAPI], keys: Any, jpeg: Callable[..., bytes], held: threading.Event
) -> None:
    with TestClient(make_app(TIGHT), headers=keys["read"]) as client, ThreadPoolExecutor(6) as threads:
        calls = [threads.submit(client.post, "/v1/search", content=jpeg(), headers=JPEG) for _ in range(6)]
        refused: list[Any] = []
        until = time.monotonic() + 20
        while len(refused) < 4 and time.monotonic() < until:
            refused = [call.result() for call in calls if call.done()]
            time.sleep(0.01)
        assert client.get("/v1/health").status_code == 200
        assert client.get("/v1/metrics").status_code == 200
        held.set()
        answers = [call.result() for call in calls]
    assert sorted(answer.status_code for answer in answers) == [200, 200, 503, 503, 503, 503]
    for answer in refused:
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
        assert answer.json()["error"]["code"] == "busy"


def test_a_request_that_takes_too_long_is_given_up(
    make_app: Callable[..., FastAPI], keys: Any, jpeg: Callable[..., bytes], held: threading.Event
) -> None:
    with TestClient(make_app(replace(TIGHT, request_seconds=1)), headers=keys["read"]) as client:
        answer = client.post("/v1/search", content=jpeg(), headers=JPEG)
        held.set()
        assert (answer.status_code, answer.json()["error"]["message"]) == (503, "This took too long: try again later.")
        assert client.post("/v1/search", content=jpeg(), headers=JPEG).status_code == 200


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_is_refused(http: TestClient, chunked: bool) -> None:
    body = b"x" * 200_001
    answer = http.post("/v1/photos", content=iter([body]) if chunked else body, headers=JPEG)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_a_packed_body_is_refused(http: TestClient, jpeg: Callable[..., bytes]) -> None:
    answer = http.post("/v1/search", content=jpeg(), headers={**JPEG, "Content-Encoding": "gzip"})
    assert answer.status_code == 415
