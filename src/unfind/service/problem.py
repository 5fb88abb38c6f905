"""How the service says no: one sentence, a code for programs, never a path or a traceback."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from unfind.errors import ImageError, ImageLimitError, UnfindError, UsageError

log = logging.getLogger("unfind.service")
CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    409: "not_possible_here",
    413: "too_large",
    415: "unsupported_media_type",
    422: "unfit",
    500: "failed",
    503: "busy",
}


class ProblemError(Exception):
    """A request that is answered with an error.

    Attributes:
        status: HTTP status.
        message: A sentence for people.
        headers: Further headers of the answer.
    """

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers or {}

    def response(self) -> JSONResponse:
        """The answer."""
        body = {"error": {"code": CODES[self.status], "message": self.message}}
        return JSONResponse(body, self.status, self.headers)


def handle_problems(app: FastAPI) -> None:
    """Make an app answer errors in this way."""
    app.add_exception_handler(ProblemError, lambda _, error: _as(error, ProblemError).response())
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(UnfindError, _ours)
    app.add_exception_handler(Exception, _unexpected)


def _invalid(_: Request, error: Exception) -> JSONResponse:
    found = _as(error, RequestValidationError).errors()
    first = found[0] if found else {"loc": (), "msg": "something is wrong"}
    name = ".".join(str(part) for part in first["loc"])
    return ProblemError(422, f"Expected another {name or 'request'}: {first['msg']}.").response()


def _http(_: Request, error: Exception) -> JSONResponse:
    known = _as(error, HTTPException)
    status = known.status_code if known.status_code in CODES else 400
    return ProblemError(status, f"{known.detail}.", dict(known.headers or {})).response()


def _ours(_: Request, error: Exception) -> JSONResponse:
    if isinstance(error, ImageLimitError):
        return ProblemError(413, str(error)).response()
    if isinstance(error, ImageError | UsageError):
        return ProblemError(422, str(error)).response()
    # Sentences of the gallery name folders of this machine: they go to the log, not to the client.
    log.error("request failed", extra={"facts": {"error": type(error).__name__, "sentence": str(error)}})
    return ProblemError(500, "The gallery could not do this; its log says why.").response()


def _unexpected(_: Request, error: Exception) -> JSONResponse:
    log.error("request failed", extra={"facts": {"error": type(error).__name__}})
    return ProblemError(500, "Something unexpected went wrong; the log says what.").response()


def _as(error: Exception, kind: type[Any]) -> Any:
    assert isinstance(error, kind)
    return error
