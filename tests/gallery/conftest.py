"""Galleries, records and photos that this room's tests share."""

from __future__ import annotations

import io
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unfind.gallery.ids import content_id
from unfind.gallery.record import Record
from unfind.gallery.store import Gallery

DIMENSION = 8


class MeanColour:
    """An embedder that anybody can check by hand: a photo's mean colour, made as long as 1."""

    fingerprint = "mean-colour-1"
    dimension = 3

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.fail_at: int | None = None

    def __call__(self, images: Sequence[np.ndarray], /) -> np.ndarray:
        if self.fail_at is not None and len(self.calls) >= self.fail_at:
            raise RuntimeError("the graphics card has gone away")
        self.calls.append(len(images))
        means = np.stack([image.reshape(-1, 3).mean(axis=0) + 1.0 for image in images]).astype(np.float32)
        return means / np.linalg.norm(means, axis=1, keepdims=True)


@pytest.fixture
def mean_colour() -> MeanColour:
    return MeanColour()


@pytest.fixture
def unit() -> Callable[..., np.ndarray]:
    """Random rows of length 1, float32 (n, dimension)."""

    def make(n: int, seed: int = 0, dimension: int = DIMENSION) -> np.ndarray:
        rows = np.random.default_rng(seed).normal(size=(n, dimension)).astype(np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    return make


@pytest.fixture
def record() -> Callable[..., Record]:
    """A record whose id comes from its name."""

    def make(name: str, vector: np.ndarray, **changes: object) -> Record:
        fields: dict[str, object] = {
            "id": content_id(name.encode()),
            "path": f"/photos/{name}",
            "file_size": 1000 + len(name),
            "width": 640,
            "height": 480,
            "added": datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC),
            "vector": vector,
            "label": "auklet",
            "thumbnail": b"\xff\xd8" + name.encode(),
        }
        return Record(**{**fields, **changes})  # type: ignore[arg-type]

    return make


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    """An empty gallery of 8 dimensions."""
    return Gallery.create(tmp_path / "gallery", dimension=DIMENSION, fingerprint="model-1", name="tests")


@pytest.fixture
def jpeg() -> Callable[..., bytes]:
    """A JPEG file of one colour with a little noise, so that each seed gives another file."""

    def make(colour: tuple[int, int, int] = (200, 40, 40), seed: int = 0, size: tuple[int, int] = (60, 40)) -> bytes:
        noise = np.random.default_rng(seed).integers(-8, 8, (size[1], size[0], 3))
        pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=92)
        return file.getvalue()

    return make


@pytest.fixture
def folder(tmp_path: Path, jpeg: Callable[..., bytes]) -> Path:
    """Ten photos of different colours, two of them in a folder inside."""
    photos = tmp_path / "photos"
    (photos / "sub").mkdir(parents=True)
    for i in range(10):
        place = photos / "sub" if i >= 8 else photos
        (place / f"photo{i}.jpg").write_bytes(jpeg((25 * i, 255 - 25 * i, 90), seed=i))
    return photos


@pytest.fixture(scope="session")
def milvus_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Milvus server of its own, as ``milvus://HOST:PORT``; skips where milvus-lite is not installed."""
    pytest.importorskip("pymilvus", reason="pymilvus is not installed: pip install 'unfind[milvus]'")
    program = Path(sys.executable).with_name("milvus-lite")
    if not program.exists():
        pytest.skip("milvus-lite is not installed: pip install milvus-lite")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("milvus")
    command = [str(program), "server", "--host", "127.0.0.1", "--port", str(port), "--data-dir", str(folder / "data")]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        try:
            _wait_for(port, server)
            yield f"milvus://127.0.0.1:{port}"
        finally:
            server.terminate()


@pytest.fixture(scope="session")
def bucket() -> Iterator[str]:
    """A server that speaks S3, as ``s3://BUCKET``; skips where moto or obstore is not installed."""
    pytest.importorskip("obstore", reason="obstore is not installed: pip install 'unfind[bucket]'")
    pytest.importorskip("flask", reason="moto's server is not installed: pip install 'moto[s3]' flask flask-cors")
    pytest.importorskip("moto", reason="moto is not installed: pip install 'moto[s3]' flask flask-cors")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    access = {
        "AWS_ACCESS_KEY_ID": "tests",
        "AWS_SECRET_ACCESS_KEY": "tests",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT": f"http://127.0.0.1:{port}",
        "AWS_ALLOW_HTTP": "true",
    }
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    quiet = subprocess.DEVNULL
    with pytest.MonkeyPatch.context() as patch, subprocess.Popen(command, stdout=quiet, stderr=quiet) as server:
        for name, value in access.items():
            patch.setenv(name, value)
        try:
            _wait_for(port, server)
            request = urllib.request.Request(f"http://127.0.0.1:{port}/tests", method="PUT")
            urllib.request.urlopen(request).close()
            yield "s3://tests"
        finally:
            server.terminate()


@pytest.fixture
def place(bucket: str) -> str:
    """A prefix of its own."""
    return f"{bucket}/{secrets.token_hex(6)}"


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert server.poll() is None, "the server has ended"
            time.sleep(0.1)
        else:
            return
    pytest.fail("the server did not start within 30 seconds")


@pytest.fixture(params=["lance", "lance-resident", "bucket", "milvus"])
def make_gallery(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Gallery]]:
    """Make an empty gallery on each engine; whatever holds for one must hold for all."""
    place = str(tmp_path / "contract")
    if request.param == "milvus":
        place = f"{request.getfixturevalue('milvus_server')}/test_{secrets.token_hex(6)}"
    if request.param == "bucket":
        place = request.getfixturevalue("place")

    def make(kind: str = "cosine", dimension: int = DIMENSION) -> Gallery:
        made = Gallery.create(place, dimension=dimension, fingerprint="model-1", name="tests", kind=kind)  # type: ignore[arg-type]
        made.close()
        opened.append(Gallery.open(place, resident=request.param == "lance-resident"))
        return opened[-1]

    opened: list[Gallery] = []
    yield make
    for gallery in opened:
        gallery.close()
