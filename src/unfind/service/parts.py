"""What the routes find on their app: the parts of one service."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from unfind.service.backend import Backend
from unfind.service.observe import Meters
from unfind.service.schemas import Refusal
from unfind.service.writer import Writer


@dataclass(frozen=True)
class Parts:
    """The parts of one service.

    Attributes:
        backend: Gallery and model.
        writer: The one thread that writes.
        meters: Numbers for Prometheus.
        preparing: Held while a photo is decoded and embedded for adding; waiting for the disk needs no core.
        beside: A second gallery, of another model, that can only be searched; None where there is none.
    """

    backend: Backend
    writer: Writer
    meters: Meters
    preparing: asyncio.Semaphore
    beside: Backend | None = None


def parts_of(request: Request) -> Parts:
    """The parts of the service that a request came to."""
    parts = request.app.state.parts
    assert isinstance(parts, Parts)
    return parts


Service = Annotated[Parts, Depends(parts_of)]
WithKey = Security(HTTPBearer(auto_error=False, description="A key that `unfind serve key new` has made."))
"""Told to readers of the OpenAPI document; the key itself is looked at before a route is reached."""
PHOTO_KINDS = ("image/jpeg", "image/png", "image/webp")
PHOTO_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The photo's file as it is.",
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in PHOTO_KINDS},
    }
}
MEANINGS = {
    400: "The request is broken.",
    401: "No key, or one that is not known.",
    403: "The key may read only.",
    404: "No such photo.",
    408: "The body came too slowly.",
    409: "The service has no key to look for, or no second gallery.",
    413: "The body or the photo is too large.",
    415: "The body is packed or of another kind.",
    422: "The photo or an argument is unfit.",
    503: "Too many requests at once; Retry-After says how long to wait.",
}
ALWAYS = (400, 401, 403, 408, 413, 415, 422, 503)


def refusals(*more: int) -> dict[int | str, dict[str, Any]]:
    """Describe the errors that a route may answer with, beside those of every route."""
    return {status: {"model": Refusal, "description": MEANINGS[status]} for status in sorted({*ALWAYS, *more})}
