"""The body of a request: read within a limit of bytes and of time, and never unpacked."""

from __future__ import annotations

import asyncio

from starlette.types import Message, Receive, Scope

from unfind.service.problem import ProblemError


async def read_body(scope: Scope, receive: Receive, *, max_bytes: int, seconds: float) -> bytes:
    """Read a whole body.

    Args:
        scope: Of the request.
        receive: Gives its messages.
        max_bytes: A longer body is refused as soon as it is known to be longer.
        seconds: Until the last byte must have come.

    Returns:
        The bytes as they came.

    Raises:
        ProblemError: 413 too large, 408 too slow, 415 packed, 400 a length that is none or a client that went away.
    """
    headers = dict(scope["headers"])
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise ProblemError(415, "Expected a body as it is, got a packed one: send it without Content-Encoding.")
    length = headers.get(b"content-length")
    if length is not None and not length.isdigit():
        raise ProblemError(400, "Expected a number as Content-Length: mend the client.")
    if length is not None and int(length) > max_bytes:
        raise _too_large(max_bytes)
    try:
        async with asyncio.timeout(seconds):
            return await _collect(receive, max_bytes)
    except TimeoutError as error:
        raise ProblemError(408, f"Expected the body within {seconds:g} seconds: send it faster.", _CLOSE) from error


def replay(body: bytes, receive: Receive) -> Receive:
    """Hand a body that was read already to the app, as one message; what comes after it is passed on."""
    given = False

    async def once() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once


async def _collect(receive: Receive, max_bytes: int) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ProblemError(400, "The client went away.")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > max_bytes:
            raise _too_large(max_bytes)
        if not message.get("more_body", False):
            return b"".join(parts)


_CLOSE = {"Connection": "close"}


def _too_large(max_bytes: int) -> ProblemError:
    return ProblemError(413, f"Expected a body of at most {max_bytes:,} bytes: send a smaller photo.", _CLOSE)
