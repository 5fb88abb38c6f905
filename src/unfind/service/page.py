"""The web page's files, where the package holds them."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).with_name("static")
"""What is built into this folder is served below ``/``; without an ``index.html`` there is no page."""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; "
        "connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Nothing may come from or go to another host; isolation lets the page's WebAssembly use threads."""


class Page(StaticFiles):
    """Files with headers that keep them to themselves."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file with the headers."""
        response = await super().get_response(path, scope)
        response.headers.update(HEADERS)
        return response


def serve_page(app: FastAPI, folder: Path = FOLDER) -> bool:
    """Serve the page below ``/``.

    Returns:
        Whether there is one.
    """
    if not (folder / "index.html").is_file():
        return False
    app.mount("/", Page(directory=folder, html=True), name="page")
    return True
