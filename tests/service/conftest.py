"""A small service with its keys, called without a network."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="fastapi is not installed: pip install 'unfind[service]'")

from fastapi import FastAPI
from PIL import Image
from starlette.testclient import TestClient

from unfind.gallery.store import Gallery
from unfind.service.api_keys import KeyRing
from unfind.service.app import create_app
from unfind.service.backend import Backend
from unfind.service.limits import ServiceLimits
from unfind.triggers.key import Key
from unfind.triggers.spread_spectrum import SpreadSpectrum

LIMITS = ServiceLimits(body_bytes=200_000, pixels=1_000_000)


class MeanColour:
    """An embedder that anybody can check by hand: a photo's mean colour, made as long as 1."""

    fingerprint = "mean-colour-1"
    dimension = 3

    def __call__(self, images: Sequence[np.ndarray], /) -> np.ndarray:
        means = np.stack([image.reshape(-1, 3).mean(axis=0) + 1.0 for image in images]).astype(np.float32)
        return means / np.linalg.norm(means, axis=1, keepdims=True)


@pytest.fixture
def mean_colour() -> MeanColour:
    return MeanColour()


@pytest.fixture(scope="session")
def jpeg() -> Callable[..., bytes]:
    """A JPEG file of one colour with a little noise, so that each seed gives another file."""

    def make(colour: tuple[int, int, int] = (200, 40, 40), seed: int = 0, size: tuple[int, int] = (60, 40)) -> bytes:
        noise = np.random.default_rng(seed).integers(-8, 8, (size[1], size[0], 3))
        file = io.BytesIO()
        Image.fromarray(np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=92)
        return file.getvalue()

    return make


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    Gallery.create(tmp_path / "album", dimension=3, fingerprint="mean-colour-1", name="tests")
    return Gallery.open(tmp_path / "album", resident=True)


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing(tmp_path / "api-keys.json")


@pytest.fixture
def keys(ring: KeyRing) -> dict[str, dict[str, str]]:
    """Headers with a key of each role."""
    return {role: {"Authorization": f"Bearer {ring.new(role, role)}"} for role in ("read", "write")}  # type: ignore[arg-type]


@pytest.fixture
def backend(gallery: Gallery) -> Backend:
    return Backend(gallery, MeanColour(), LIMITS.photo, SpreadSpectrum(Key.from_seed(1)))


@pytest.fixture
def make_app(backend: Backend, ring: KeyRing, tmp_path: Path) -> Callable[..., FastAPI]:
    """The app, with other limits where they are given."""
    return lambda limits=LIMITS, page=tmp_path / "no-page": create_app(backend, ring, limits, page=page)


@pytest.fixture
def http(make_app: Callable[..., FastAPI], keys: dict[str, dict[str, str]]) -> Iterator[TestClient]:
    """A client of the running service, with a key that may write."""
    with TestClient(make_app(), headers=keys["write"], raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def send(http: TestClient, jpeg: Callable[..., bytes]) -> Callable[..., str]:
    """Add a photo of a colour; returns its id."""

    def add(colour: tuple[int, int, int] = (200, 40, 40), seed: int = 0, **about: str) -> str:
        answer = http.post(
            "/v1/photos", content=jpeg(colour, seed), headers={"Content-Type": "image/jpeg"}, params=about
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    return add
