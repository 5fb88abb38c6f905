"""A real server in a process of its own, with a small model of random weights: what a bench sends requests to."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unfind.errors import ServiceError
from unfind.gallery.store import Gallery
from unfind.models.embed import Embedder
from unfind.models.encoder import Architecture, build_encoder
from unfind.service.api_keys import KeyRing

START_SECONDS = 300
"""Until the server must answer; on a busy machine loading torch alone can take a minute."""
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Running:
    """A server that answers.

    Attributes:
        address: Such as ``http://127.0.0.1:1234``.
        key: One that may write.
        pid: Its process.
    """

    address: str
    key: str
    pid: int

    def resident_bytes(self) -> int:
        """Memory that the server holds now, in bytes; 0 where the system does not tell."""
        try:
            text = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return 0
        return next((1024 * int(line.split()[1]) for line in text.splitlines() if line.startswith("VmRSS")), 0)


def make_embedder(architecture: Architecture) -> Embedder:
    """A model of random weights, always the same ones."""
    return Embedder(build_encoder(architecture, seed=0), "bench")


def serve(folder: Path, keys: Path, port: int, settings: dict[str, Any]) -> bool:
    """Serve a gallery until the process is ended."""
    from unfind.service.app import create_app
    from unfind.service.backend import Backend
    from unfind.service.limits import ServiceLimits
    from unfind.service.server import run_server, server_config

    limits = ServiceLimits(**settings["limits"])
    embedder = make_embedder(Architecture(**settings["architecture"]))
    backend = Backend(Gallery.open(folder, resident=True), embedder, limits.photo)
    return run_server(server_config(create_app(backend, KeyRing(keys), limits), limits, host=HOST, port=port))


@contextmanager
def served(folder: Path, architecture: Architecture, **limits: int) -> Iterator[Running]:
    """Serve a gallery while a block runs.

    Args:
        folder: The gallery.
        architecture: Of the model; its dimension is the gallery's.
        limits: Of the service, where they are not the usual ones.

    Raises:
        ServiceError: The server did not start.
    """
    keys = folder.with_name(f"{folder.name}-keys.json")
    keys.unlink(missing_ok=True)
    key, port = KeyRing(keys).new("bench", "write"), _free_port()
    settings = json.dumps({"architecture": architecture.as_dict(), "limits": limits})
    command = [sys.executable, "-m", "unfind.studies.service_process", str(folder), str(keys), str(port), settings]
    log = folder.with_name(f"{folder.name}-log.jsonl")
    with log.open("wb") as stderr, subprocess.Popen(command, stderr=stderr) as process:
        try:
            _wait(process, port, log)
            yield Running(f"http://{HOST}:{port}", key, process.pid)
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    last = (log.read_text(errors="replace").splitlines() or ["nothing"])[-1]
    raise ServiceError(f"Expected the service to start, got '{last}': see {log}.")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    done = serve(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), json.loads(sys.argv[4]))
    sys.exit(0 if done else 1)
