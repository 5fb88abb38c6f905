from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytest.importorskip("httpx", reason="httpx is not installed: pip install 'unfind[service]'")

from unfind.studies.service_load import Seen, load
from unfind.studies.service_process import Running


class Answers(BaseHTTPRequestHandler):
    """Every third search is refused as too many; every erasure fails."""

    protocol_version = "HTTP/1.1"
    counts: dict[str, int]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.counts[self.path] = self.counts.get(self.path, 0) + 1
        status = 200
        if self.path == "/v1/search" and self.counts[self.path] % 3 == 0:
            status = 503
        if self.path == "/v1/erasures":
            status = 500
        body = json.dumps({"id": "0" * 32}).encode()
        self.send_response(status)
        self.send_header("Retry-After", "0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def server() -> Iterator[Running]:
    handler = type("Handler", (Answers,), {"counts": {}})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield Running(f"http://127.0.0.1:{made.server_address[1]}", "k", 0)
        made.shutdown()
        thread.join()


def test_answers_are_sorted_into_what_they_were(server: Running) -> None:
    seen = load(server, clients=4, seconds=1.0)
    assert len(seen.milliseconds["search"]) > 0
    assert len(seen.refused) > 0
    assert seen.milliseconds["erase"] == []
    assert set(seen.errors) <= {"500"}
    assert len(seen.all()) == len(seen.milliseconds["search"]) + len(seen.milliseconds["add"])


def test_searches_alone_write_nothing(server: Running) -> None:
    seen = load(server, clients=2, seconds=0.3, searches_only=True)
    assert (seen.milliseconds["add"], seen.errors) == ([], [])


def test_a_server_that_is_gone_is_an_error() -> None:
    seen = load(Running("http://127.0.0.1:9", "k", 0), clients=1, seconds=1.0)
    assert seen.all() == []
    assert set(seen.errors) == {"ConnectError"}
    assert Seen().all() == []
