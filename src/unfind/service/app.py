"""The service as an ASGI app: routes inside, then admission, access and observation around them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from unfind import __version__
from unfind.service import photo_routes, search_routes, state_routes
from unfind.service.access import Access
from unfind.service.admission import Admission
from unfind.service.api_keys import KeyRing
from unfind.service.backend import Backend
from unfind.service.limits import ServiceLimits
from unfind.service.observe import Meters, Observe
from unfind.service.page import FOLDER, PageFacts, serve_page
from unfind.service.parts import Parts
from unfind.service.problem import handle_problems
from unfind.service.writer import Writer

_ABOUT = "Search photos by photo, and keep the gallery. Photos go in as bodies; no address is ever fetched."


def create_app(
    backend: Backend,
    ring: KeyRing,
    limits: ServiceLimits | None = None,
    *,
    beside: Backend | None = None,
    page: Path = FOLDER,
    facts: PageFacts | None = None,
) -> FastAPI:
    """Put a service together; it holds the gallery for writing while it runs.

    Args:
        backend: Gallery and model.
        ring: Keys of those who may call it.
        limits: What a request may cost; the usual when None.
        beside: A second gallery, of another model, that can only be searched.
        page: Folder of the web page's files.
        facts: What the page is told about the mark.

    Returns:
        An ASGI app.
    """
    limits = limits or ServiceLimits()
    parts = Parts(backend, Writer(backend.gallery), Meters(), asyncio.Semaphore(limits.writers), beside)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        parts.writer.start()
        try:
            yield
        finally:
            parts.writer.stop()
            backend.gallery.close()
            if beside is not None:
                beside.gallery.close()

    # The usual pages about the API load scripts from another host; the document itself needs a key.
    app = FastAPI(
        title="unfind",
        version=__version__,
        description=_ABOUT,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
    )
    app.state.parts = parts
    for module in (state_routes, search_routes, photo_routes):
        app.include_router(module.router)
    serve_page(app, page, facts)
    handle_problems(app)
    app.add_middleware(Admission, limits=limits)
    app.add_middleware(Access, ring=ring)
    app.add_middleware(Observe, meters=parts.meters)
    return app
