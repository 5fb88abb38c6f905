"""How many requests are worked on at once: a few work, some wait, the rest is refused at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from unfind.service.access import API, OPEN, needed_role
from unfind.service.api_keys import Role
from unfind.service.body import read_body, replay
from unfind.service.limits import ServiceLimits
from unfind.service.problem import ProblemError

UNGATED = (OPEN, "/v1/metrics")
"""Cheap, and needed most when the service is busy."""


class Gate:
    """Places for requests of one kind."""

    def __init__(self, working: int, waiting: int, retry_seconds: int) -> None:
        """Open a gate.

        Args:
            working: Requests worked on at once.
            waiting: Requests that may wait beside them.
            retry_seconds: What a refused one is told to wait.
        """
        self._slots = asyncio.Semaphore(working)
        self._room = working + waiting
        self._retry = retry_seconds
        self.inside = 0

    @asynccontextmanager
    async def admitted(self) -> AsyncIterator[None]:
        """A place to wait in.

        Raises:
            ProblemError: 503 with Retry-After when there is none.
        """
        if self.inside >= self._room:
            raise ProblemError(503, "Too many requests at once: try again soon.", {"Retry-After": str(self._retry)})
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """A place to work in, after waiting for it."""
        async with self._slots:
            yield


class Admission:
    """ASGI middleware: admit, read the body, wait for a slot, and answer in time."""

    def __init__(self, app: ASGIApp, limits: ServiceLimits) -> None:
        self._app, self._limits = app, limits
        self.gates: dict[Role, Gate] = {
            "read": Gate(limits.readers, limits.waiting, limits.retry_seconds),
            # Writers wait for the disk together; how many decode at once is limited where they do.
            "write": Gate(limits.writers + limits.waiting, limits.waiting, limits.retry_seconds),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 503, 413, 408 or 415, or let the app answer."""
        role = needed_role(scope["method"], scope["path"]) if scope["type"] == "http" else None
        if role is None or scope["path"] in UNGATED or not scope["path"].startswith(API):
            return await self._app(scope, receive, send)
        watched = _Watched(send)
        try:
            await self._within(self.gates[role], scope, receive, watched)
        except ProblemError as problem:
            if not watched.begun:
                await problem.response()(scope, receive, send)
        return None

    async def _within(self, gate: Gate, scope: Scope, receive: Receive, send: Send) -> None:
        limits = self._limits
        async with gate.admitted():
            body = await read_body(scope, receive, max_bytes=limits.body_bytes, seconds=limits.body_seconds)
            scope["unfind.bytes"] = len(body)
            try:
                async with asyncio.timeout(limits.request_seconds), gate.slot():
                    await self._app(scope, replay(body, receive), send)
            except TimeoutError as error:
                wait = {"Retry-After": str(limits.retry_seconds)}
                raise ProblemError(503, "This took too long: try again later.", wait) from error


class _Watched:
    """Remembers whether an answer has begun, after which no other one can be sent."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def __call__(self, message: Message) -> None:
        self.begun = True
        await self._send(message)
