"""Run the app: loopback unless told otherwise, and an orderly end."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from unfind.errors import UsageError
from unfind.service.limits import ServiceLimits
from unfind.service.memory import settle
from unfind.service.observe import log_to_stderr

HOST, PORT = "127.0.0.1", 8747
KEEP_ALIVE_SECONDS = 5
"""An idle connection is closed after this; more would hold files for nothing."""
GRACE_SECONDS = 20
"""Requests under way at the end may take this long to finish."""


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def server_config(
    app: FastAPI,
    limits: ServiceLimits,
    *,
    host: str = HOST,
    port: int = PORT,
    certificate: Path | None = None,
    private_key: Path | None = None,
) -> uvicorn.Config:
    """Say how the app is to be served.

    Args:
        app: The service.
        limits: Its limits.
        host: Address to listen on.
        port: Port, 0 for any free one.
        certificate: TLS certificate chain, PEM.
        private_key: Its key, PEM.

    Raises:
        UsageError: One of certificate and key without the other.
    """
    if (certificate is None) != (private_key is None):
        raise UsageError("Expected a certificate and its key, got one of them: give both or neither.")
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        ssl_certfile=certificate,
        ssl_keyfile=private_key,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=limits.connections,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        h11_max_incomplete_event_size=16 * 1024,
    )


def run_server(config: uvicorn.Config, *, when_up: Callable[[], None] = lambda: None) -> bool:
    """Serve until the process is asked to end, then finish what is under way.

    Args:
        config: From :func:`server_config`.
        when_up: Called as soon as the service answers.

    Returns:
        Whether the server could start; the log says why it could not.
    """
    log_to_stderr()
    settle()
    server = _Server(config, when_up)
    with suppress(SystemExit):  # how uvicorn ends when it could not start
        server.run()
    return server.started


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, when_up: Callable[[], None]) -> None:
        super().__init__(config)
        self._when_up = when_up

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._when_up()
