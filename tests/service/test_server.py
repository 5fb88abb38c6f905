from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fastapi import FastAPI

from unfind.errors import UsageError
from unfind.service.limits import ServiceLimits
from unfind.service.server import HOST, is_loopback, server_config

SERVE = """
import sys
from pathlib import Path
import numpy as np
from unfind.gallery.store import Gallery
from unfind.service.api_keys import KeyRing
from unfind.service.app import create_app
from unfind.service.backend import Backend
from unfind.service.limits import ServiceLimits
from unfind.service.server import run_server, server_config

class Grey:
    fingerprint, dimension = "grey", 2
    def __call__(self, images):
        return np.tile(np.array([[0.6, 0.8]], np.float32), (len(images), 1))

folder, port, limits = Path(sys.argv[1]), int(sys.argv[2]), ServiceLimits(body_seconds=3)
gallery = Gallery.open(folder / "album", resident=True)
app = create_app(Backend(gallery, Grey(), limits.photo), KeyRing(folder / "keys.json"), limits)
sys.exit(0 if run_server(server_config(app, limits, port=port)) else 1)
"""


@pytest.mark.parametrize(
    ("host", "own"),
    [
        *(("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False)),
        *(("::", False), ("192.168.1.2", False), ("example.org", False), ("", False)),
    ],
)
def test_loopback_is_known(host: str, own: bool) -> None:
    assert is_loopback(host) is own


def test_the_usual_server_is_for_this_machine_and_says_little() -> None:
    config = server_config(FastAPI(), ServiceLimits(connections=7))
    assert (config.host, config.host) == (HOST, "127.0.0.1")
    assert (config.limit_concurrency, config.access_log, config.server_header) == (7, False, False)
    assert config.timeout_graceful_shutdown is not None


def test_a_certificate_needs_its_key() -> None:
    with pytest.raises(UsageError, match="give both or neither"):
        server_config(FastAPI(), ServiceLimits(), certificate=Path("a.pem"))


@pytest.mark.skipif(os.name == "nt", reason="signals are a matter of POSIX")
def test_a_real_server_answers_cuts_slow_clients_off_and_ends_in_order(tmp_path: Path) -> None:
    from unfind.gallery.store import Gallery
    from unfind.service.api_keys import KeyRing
    from unfind.service.client import Client

    Gallery.create(tmp_path / "album", dimension=2, fingerprint="grey")
    key = KeyRing(tmp_path / "keys.json").new("test", "write")
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", SERVE, str(tmp_path), str(port)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as server:
        try:
            wait_for(port, server)
            with Client(f"http://{HOST}:{port}", key) as client:
                assert client.gallery()["photos"] == 0
            assert slow_client(port, key).startswith(b"HTTP/1.1 408")
            again = subprocess.run([*command[:-1], "0"], capture_output=True, text=True, env=environment, timeout=120)
            assert again.returncode != 0
            assert f"process {server.pid} is writing" in again.stderr
            assert all(line.startswith("{") for line in again.stderr.splitlines()), "the log has no tracebacks"
            with under_way(port, key) as connection:
                server.send_signal(signal.SIGTERM)
                wait_until_closed(port)
                connection.sendall(b"y")
                assert connection.recv(1000).startswith(b"HTTP/1.1 422"), "what was under way is answered"
            assert server.wait(60) in (0, -signal.SIGTERM)
        finally:
            server.kill()
        assert server.stderr is not None
        log = server.stderr.read()
    assert '"route": "/v1/gallery", "status": 200' in log
    assert key not in log


def wait_for(port: int, server: subprocess.Popen[str]) -> None:
    for _ in range(600):
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            assert server.poll() is None
            time.sleep(0.1)
        else:
            return


def wait_until_closed(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            return
        time.sleep(0.02)
    raise AssertionError("the port is still open")


def under_way(port: int, key: str, length: int = 2) -> socket.socket:
    """A search whose body has come but for the rest of it."""
    connection = socket.create_connection((HOST, port), timeout=60)
    head = f"POST /v1/search HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Length: {length}\r\n"
    connection.sendall(f"{head}Content-Type: image/jpeg\r\n\r\nx".encode())
    return connection


def slow_client(port: int, key: str) -> bytes:
    """The answer to a client that promises a body and sends one byte of it."""
    with under_way(port, key, 100) as connection:
        return connection.recv(1000)
