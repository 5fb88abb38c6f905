"""The photo in a request's body."""

from __future__ import annotations

from fastapi import Request

from unfind.service.problem import ProblemError

KINDS = ("image/jpeg", "image/png", "image/webp", "application/octet-stream")
"""The bytes decide what a photo is; the name only keeps forms and JSON out."""


async def photo_body(request: Request) -> bytes:
    """Take the photo out of a request.

    Raises:
        ProblemError: 415 when the body is of another kind, 422 when there is none.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in KINDS:
        raise ProblemError(415, f"Expected a photo as {', '.join(KINDS[:3])}: send its file as the body.")
    data = await request.body()
    if not data:
        raise ProblemError(422, "Expected a photo, got an empty body: send its file as the body.")
    return data
