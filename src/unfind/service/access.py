"""Who may call what: decided by method and path, before a byte of the body is read."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from unfind.service.api_keys import KeyRing, Role
from unfind.service.problem import ProblemError

API = "/v1/"
OPEN = "/v1/health"
READING = ("/v1/search", "/v1/verify")
"""Routes that read though they are called with POST, since a photo does not fit into a query."""


def needed_role(method: str, path: str) -> Role | None:
    """Say which role a request needs.

    Args:
        method: HTTP method, upper case.
        path: Path of the URL.

    Returns:
        The role, or None where no key is asked for: for the health check and for the files of the page.
    """
    if path == OPEN or not path.startswith(API):
        return None
    reading = method in ("GET", "HEAD") or any(path == place or path.startswith(place + "/") for place in READING)
    return "read" if reading else "write"


class Access:
    """ASGI middleware that lets requests with a fit key through."""

    def __init__(self, app: ASGIApp, ring: KeyRing) -> None:
        self._app, self._ring = app, ring

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401 or 403, or pass the request on."""
        if scope["type"] == "http" and (role := needed_role(scope["method"], scope["path"])) is not None:
            key = self._ring.find(_bearer(scope))
            if key is None:
                problem = ProblemError(401, "Expected an API key: send Authorization: Bearer KEY.", _CHALLENGE)
                return await problem.response()(scope, receive, send)
            scope["unfind.key"] = key.name
            if role == "write" and key.role != "write":
                return await ProblemError(403, "Expected a key that may write: this one may read.").response()(
                    scope, receive, send
                )
        return await self._app(scope, receive, send)


_CHALLENGE = {"WWW-Authenticate": "Bearer"}


def _bearer(scope: Scope) -> str:
    found = [value for name, value in scope["headers"] if name == b"authorization"]
    kind, _, key = found[0].decode("latin-1").partition(" ") if len(found) == 1 else ("", "", "")
    return key.strip() if kind.lower() == "bearer" else ""
