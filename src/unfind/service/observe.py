"""What the service tells about itself: a line of JSON for each request, and numbers for Prometheus.

Neither holds bytes or ids of photos, texts of a query, or addresses: only which route, by whose key, how it ended, and
how long it took.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("unfind.service")
SERVER_LOG = logging.getLogger("uvicorn.error")
BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)
"""Seconds: from a search in memory to the longest request there is."""


class Meters:
    """The numbers of one service."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "unfind_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "unfind_request_seconds",
            "Time until a request was answered.",
            ["route"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.under_way = Gauge("unfind_requests_under_way", "Requests not yet answered.", registry=self.registry)
        self.photos = Gauge("unfind_gallery_photos", "Photos in the gallery.", registry=self.registry)

    def text(self) -> bytes:
        """All numbers in the format of Prometheus."""
        return generate_latest(self.registry)


class Observe:
    """ASGI middleware that counts, times and logs."""

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self._app, self._meters = app, meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and tell how it ended."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        status, began = 500, time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
            await send(message)

        with self._meters.under_way.track_inprogress():
            try:
                await self._app(scope, receive, watched)
            finally:
                self._tell(scope, status, time.perf_counter() - began)
        return None

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        route = route_of(scope)
        self._meters.requests.labels(_method(scope), route, str(status)).inc()
        self._meters.seconds.labels(route).observe(seconds)
        facts = {
            "method": _method(scope),
            "route": route,
            "status": status,
            "ms": round(1000 * seconds, 2),
            "bytes": scope.get("unfind.bytes", 0),
            "key": scope.get("unfind.key"),
        }
        log.info("request", extra={"facts": facts})


def route_of(scope: Scope) -> str:
    """The pattern of the route, such as ``/v1/photos/{photo_id}``, without what stood in it."""
    return str(getattr(scope.get("route"), "path", "") or "other")


class JsonLines(logging.Formatter):
    """One JSON document for each record: time, level, event, and the facts that came with it."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record; of a traceback that came as a message only its last line, which says what happened."""
        time_text = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        event = (record.getMessage().strip().splitlines() or [""])[-1]
        facts = getattr(record, "facts", {})
        return json.dumps({"time": time_text, "level": record.levelname.lower(), "event": event, **facts})


def log_to_stderr() -> None:
    """Send the service's log, and what the HTTP server warns of, to stderr as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for logger, level in ((log, logging.INFO), (SERVER_LOG, logging.WARNING)):
        logger.handlers[:] = [handler]
        logger.setLevel(level)
        logger.propagate = False


def _method(scope: Scope) -> str:
    known = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    return scope["method"] if scope["method"] in known else "other"
