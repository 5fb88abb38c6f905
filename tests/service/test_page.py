from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI
from starlette.testclient import TestClient

from unfind.service.page import FOLDER, HEADERS, serve_page


def test_the_folder_is_inside_the_package() -> None:
    assert FOLDER.parent.name == "service"


def test_without_a_page_there_is_none(http: TestClient, tmp_path: Path) -> None:
    assert http.get("/").status_code == 404
    assert serve_page(FastAPI(), tmp_path) is False


def test_a_page_is_served_to_everybody_with_headers_that_keep_it_to_itself(
    make_app: Callable[..., FastAPI], tmp_path: Path
) -> None:
    (tmp_path / "page" / "assets").mkdir(parents=True)
    (tmp_path / "page" / "index.html").write_text("<h1>unfind</h1>")
    (tmp_path / "page" / "assets" / "a.js").write_text("1")
    (tmp_path / "secret.txt").write_text("secret")
    client = TestClient(make_app(page=tmp_path / "page"))
    for path, text in (("/", "<h1>unfind</h1>"), ("/assets/a.js", "1")):
        answer = client.get(path)
        assert answer.text == text
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "default-src 'none'" in HEADERS["Content-Security-Policy"]
    for path in ("/../secret.txt", "/%2e%2e/secret.txt", "/nothing"):
        assert client.get(path).status_code == 404
    assert client.get("/v1/gallery").status_code == 401
