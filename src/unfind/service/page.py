"""The web page's files, where the package holds them, and what the page is told about this service."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fastapi import FastAPI, Request
from starlette.datastructures import Headers
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from unfind import __version__

Route = Callable[[Request], Awaitable[Response]]
FOLDER = Path(__file__).with_name("page")
"""What ``make page`` builds into this folder is served below ``/``."""
NO_PAGE = (
    "This service has no page: it is built with npm, by `make page` in the sources of unfind. The API is below /v1.\n"
)
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; "
        "font-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Nothing may come from or go to another host."""
FOR_EVER = "public, max-age=31536000, immutable"
"""For files whose name holds a digest of what is in them."""
ASK_AGAIN = "no-cache"
PACKINGS = {"br": ".br", "gzip": ".gz"}
"""Best first; the build lays packed copies beside the files."""
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
}
"""Named here, since the tables of operating systems differ, and browsers run WebAssembly of the right type only."""


@dataclass(frozen=True)
class Networks:
    """The two networks of a learned mark, as files for the browser.

    Attributes:
        encoder, decoder: ONNX files.
        fingerprint: names their weights.
        strength: the mark's own.
    """

    encoder: Path
    decoder: Path
    fingerprint: str
    strength: float


@dataclass(frozen=True)
class PageFacts:
    """What the page is told about the mark of this service.

    Attributes:
        mark: the mark that is used unless the reader chooses another one; None where this service's own mark cannot
            be made in a browser.
        strength: of the spread-spectrum mark, above 0.
        networks: for the learned mark; None where there are none.
    """

    mark: Literal["spread-spectrum", "learned"] | None = "spread-spectrum"
    strength: float = 1.0
    networks: Networks | None = None

    def document(self) -> dict[str, object]:
        """The facts as JSON, with addresses below the page's own."""
        found = self.networks
        places = found and {
            "encoder": f"mark/{found.fingerprint}/encoder.onnx",
            "decoder": f"mark/{found.fingerprint}/decoder.onnx",
            "strength": found.strength,
        }
        return {"version": __version__, "mark": self.mark, "strength": self.strength, "networks": places}


class Page(StaticFiles):
    """Files with headers that keep them to themselves; packed copies go to whoever can unpack them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file with the headers."""
        response = await super().get_response(path, scope)
        response.headers.update(HEADERS)
        response.headers["Cache-Control"] = FOR_EVER if path.startswith("assets/") else ASK_AGAIN
        response.headers["Vary"] = "Accept-Encoding"
        return response

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """A file, packed where it can be."""
        wanted = _accepted(Headers(scope=scope).get("accept-encoding", ""))
        for packing, ending in PACKINGS.items():
            packed = Path(f"{os.fspath(full_path)}{ending}")
            if packing in wanted and packed.is_file():
                response = super().file_response(packed, packed.stat(), scope, status_code)
                if response.status_code == status_code:
                    response.headers["Content-Encoding"] = packing
                break
        else:
            response = super().file_response(full_path, stat_result, scope, status_code)
        if response.status_code == status_code:
            response.headers["Content-Type"] = TYPES.get(Path(full_path).suffix, "application/octet-stream")
        return response


def serve_page(app: FastAPI, folder: Path = FOLDER, facts: PageFacts | None = None) -> bool:
    """Serve the page below ``/``; without one, ``/`` says how to build it.

    Args:
        app: The service.
        folder: Of the page's files.
        facts: What the page is told.

    Returns:
        Whether there is one.
    """
    if not (folder / "index.html").is_file():
        app.add_route("/", _no_page, include_in_schema=False)
        return False
    facts = facts or PageFacts()
    app.add_route("/config.json", _config(facts), include_in_schema=False)
    if facts.networks is not None:
        app.add_route(f"/mark/{facts.networks.fingerprint}/{{name}}", _network(facts.networks), include_in_schema=False)
    app.mount("/", Page(directory=folder, html=True), name="page")
    return True


async def _no_page(_: Request) -> Response:
    return PlainTextResponse(NO_PAGE, 404)


def _config(facts: PageFacts) -> Route:
    async def config(_: Request) -> Response:
        return JSONResponse(facts.document(), headers={**HEADERS, "Cache-Control": ASK_AGAIN})

    return config


def _network(networks: Networks) -> Route:
    files = {"encoder.onnx": networks.encoder, "decoder.onnx": networks.decoder}

    async def network(request: Request) -> Response:
        file = files.get(request.path_params["name"])
        if file is None:
            return PlainTextResponse("There is no such network.\n", 404, headers=HEADERS)
        headers = {**HEADERS, "Cache-Control": FOR_EVER}
        return FileResponse(file, media_type="application/octet-stream", headers=headers)

    return network


def _accepted(header: str) -> set[str]:
    """The packings that a client takes; those of weight 0 it does not."""
    found = set()
    for part in header.lower().split(","):
        name, _, weight = part.partition(";")
        if weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000"):
            found.add(name.strip())
    return found
