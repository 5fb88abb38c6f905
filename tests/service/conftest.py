"""A small service with its keys, called without a network."""

from __future__ import annotations

import io
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="fastapi is not installed: pip install 'unfind[service]'")

import uvicorn
from fastapi import FastAPI
from PIL import Image
from starlette.testclient import TestClient

from unfind.gallery.store import Gallery
from unfind.service.api_keys import KeyRing
from unfind.service.app import create_app
from unfind.service.backend import Backend
from unfind.service.limits import ServiceLimits
from unfind.service.page import FOLDER, PageFacts
from unfind.service.page_mark import find_networks
from unfind.service.writer import Writer
from unfind.triggers.key import Key
from unfind.triggers.shipped import FOLDER as SHIPPED_MARK
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
def second(tmp_path: Path, jpeg: Callable[..., bytes]) -> Backend:
    """A second gallery, with one green photo."""
    backend = _backend(tmp_path / "plain", LIMITS)
    backend.gallery.add([backend.prepare(jpeg((30, 220, 30)), label="green", owner="", collection="")])
    return backend


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


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE = 60_000
"""Milliseconds until a browser must have done something; on a free core it takes one of them at most."""


@dataclass(frozen=True)
class Site:
    """A service with its page, on a port of this machine.

    Attributes:
        address: Of the page.
        backend: The gallery behind it.
        beside: The second one.
        writer: Writes to the first one; while the service runs, nobody else may.
        keys: An API key of each role.
        key: Of the mark.
        key_file: Holds it.
    """

    address: str
    backend: Backend
    beside: Backend
    writer: Writer
    keys: dict[str, str]
    key: Key
    key_file: Path


@pytest.fixture(scope="module")  # no longer: while it lives, its event loop is in the way of other tests
def browser() -> Iterator[Any]:
    """A browser without a window; skips where there is none, or no page to look at."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    if not (FOLDER / "index.html").is_file():
        pytest.skip("the page is not built: make page")
    sync_api.expect.set_options(timeout=PATIENCE)
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A running service with two galleries, whose page makes the mark that needs no networks."""
    yield from _served(tmp_path_factory.mktemp("site"), PageFacts())


@pytest.fixture(scope="module")
def learned_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A running service whose page makes the learned mark that comes with the package."""
    networks = find_networks(SHIPPED_MARK)
    if networks is None:
        pytest.skip("no learned mark comes with this package")
    yield from _served(tmp_path_factory.mktemp("site"), PageFacts("learned", networks=networks))


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a site's page. At the end: nothing went to another host, broke the policy or was written to the console."""
    contexts: list[Any] = []
    opened: list[Any] = []

    def open_it(site: Site, tab: str = "protect", *, calm: bool = True, **like: Any) -> Any:
        context = browser.new_context(
            reduced_motion="reduce", **{"locale": "en-GB", "viewport": {"width": 1200, "height": 900}, **like}
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.asked, page.told, page.calm = [], [], calm
        context.on("request", lambda request: page.asked.append(request))
        page.on("console", lambda message: page.told.append(message.text))
        page.on("pageerror", lambda error: page.told.append(str(error)))
        page.site = site
        page.goto(f"{site.address}/#{tab}")
        page.wait_for_selector("html[data-ready]")
        opened.append(page)
        return page

    yield open_it
    for page in opened:
        strange = [r.url for r in page.asked if not r.url.startswith((page.site.address, "blob:", "data:"))]
        assert strange == []
        if page.calm:
            assert page.told == []
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def photo_file() -> Callable[..., bytes]:
    """A photo that looks like one: smooth, with a little texture."""

    def make(size: tuple[int, int] = (320, 240), seed: int = 0, format: str = "JPEG", **how: Any) -> bytes:
        y, x = np.mgrid[: size[1], : size[0]].astype(np.float32)
        random = np.random.default_rng(seed)
        tilt, turn = random.uniform(0.2, 0.8, 3), random.uniform(0, 6, 3)
        waves = [x / size[0] * 5 * t + y / size[1] * 4 + p for t, p in zip(tilt, turn, strict=True)]
        light = 110 + 60 * np.sin(np.stack(waves, 2))
        pixels = np.clip(light + random.normal(0, 6, (*light.shape[:2], 1)), 0, 255).astype(np.uint8)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, format, **({"quality": 90} | how))
        return file.getvalue()

    return make


def _served(folder: Path, facts: PageFacts) -> Iterator[Site]:
    ring, key = KeyRing(folder / "api-keys.json"), Key.from_seed(1)
    limits = ServiceLimits(body_bytes=2_000_000, pixels=2_000_000)
    backend, beside = (_backend(folder / name, limits) for name in ("album", "ordinary"))
    app = create_app(backend, ring, limits, beside=beside, facts=facts)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    key.save(folder / "test.key")
    api_keys = {role: ring.new(role, role) for role in ("read", "write")}  # type: ignore[arg-type]
    writer = app.state.parts.writer
    yield Site(f"http://127.0.0.1:{port}", backend, beside, writer, api_keys, key, folder / "test.key")
    server.should_exit = True
    thread.join(30)


def _backend(folder: Path, limits: ServiceLimits) -> Backend:
    Gallery.create(folder, dimension=3, fingerprint="mean-colour-1", name=folder.name)
    return Backend(Gallery.open(folder, resident=True), MeanColour(), limits.photo)
