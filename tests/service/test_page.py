from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from unfind import __version__
from unfind.service.page import FOLDER, FOR_EVER, HEADERS, Networks, PageFacts, serve_page


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A built page, one of its files packed."""
    (tmp_path / "page" / "assets").mkdir(parents=True)
    (tmp_path / "page" / "index.html").write_text("<h1>unfind</h1>")
    (tmp_path / "page" / "assets" / "a.js").write_text("1")
    (tmp_path / "page" / "assets" / "a.js.gz").write_bytes(gzip.compress(b"1"))
    (tmp_path / "page" / "assets" / "b.wasm").write_bytes(b"\0asm")
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path / "page"


@pytest.fixture
def client(make_app: Callable[..., FastAPI], folder: Path) -> TestClient:
    return TestClient(make_app(page=folder), headers={"Accept-Encoding": "identity"})


def test_the_folder_is_inside_the_package() -> None:
    assert FOLDER.parent.name == "service"


def test_without_a_page_a_sentence_says_how_to_build_it(http: TestClient, tmp_path: Path) -> None:
    answer = http.get("/")
    assert answer.status_code == 404
    assert "make page" in answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    assert serve_page(FastAPI(), tmp_path) is False


def test_a_page_is_served_to_everybody_with_headers_that_keep_it_to_itself(client: TestClient) -> None:
    for path, text in (("/", "<h1>unfind</h1>"), ("/assets/a.js", "1"), ("/config.json", "version")):
        answer = client.get(path)
        assert text in answer.text
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "default-src 'none'" in HEADERS["Content-Security-Policy"]
    assert "unsafe-inline" not in HEADERS["Content-Security-Policy"]
    for path in ("/../secret.txt", "/%2e%2e/secret.txt", "/nothing", "/mark/0/encoder.onnx"):
        assert client.get(path).status_code == 404
    assert client.get("/v1/gallery").status_code == 401


def test_what_is_named_by_its_digest_is_kept_for_ever_and_the_rest_asked_for_again(client: TestClient) -> None:
    assert client.get("/assets/a.js").headers["cache-control"] == FOR_EVER
    first = client.get("/")
    assert first.headers["cache-control"] == "no-cache"
    again = client.get("/", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("accepted", "packing"),
    [("gzip", "gzip"), ("br, gzip;q=0.5", "gzip"), ("GZIP", "gzip"), ("br", None), ("gzip;q=0", None), ("", None)],
)
def test_packed_files_go_to_those_who_can_unpack_them(client: TestClient, accepted: str, packing: str | None) -> None:
    answer = client.get("/assets/a.js", headers={"Accept-Encoding": accepted})
    assert answer.text == "1"
    assert answer.headers.get("content-encoding") == packing
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["vary"] == "Accept-Encoding"
    again = client.get("/assets/a.js", headers={"Accept-Encoding": accepted, "If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert "content-encoding" not in again.headers


def test_types_do_not_depend_on_the_machine(client: TestClient) -> None:
    assert client.get("/assets/b.wasm").headers["content-type"] == "application/wasm"
    assert client.get("/").headers["content-type"] == "text/html; charset=utf-8"


def test_the_page_is_told_of_the_mark(make_app: Callable[..., Any], backend: Any, ring: Any, folder: Path) -> None:
    from unfind.service.app import create_app

    for name in ("e.onnx", "d.onnx"):
        (folder.parent / name).write_bytes(name.encode())
    networks = Networks(folder.parent / "e.onnx", folder.parent / "d.onnx", "00ff", 1.5)
    client = TestClient(create_app(backend, ring, page=folder, facts=PageFacts("learned", 1.0, networks)))
    told = client.get("/config.json").json()
    assert (told["version"], told["mark"], told["networks"]["strength"]) == (__version__, "learned", 1.5)
    for name, content in (("encoder", b"e.onnx"), ("decoder", b"d.onnx")):
        answer = client.get("/" + told["networks"][name])
        assert answer.content == content
        assert answer.headers["cache-control"] == FOR_EVER
        assert answer.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]
    assert client.get("/mark/00ff/card.json").status_code == 404
    assert client.get("/mark/00ff/..%2fsecret.txt").status_code == 404


def test_without_networks_the_page_is_told_so() -> None:
    assert PageFacts().document() == {
        "version": __version__,
        "mark": "spread-spectrum",
        "strength": 1.0,
        "networks": None,
    }
