"""Queries are as closed as bodies: a word that a route does not know, or that comes twice, is refused."""

from __future__ import annotations

import re
from collections import Counter
from typing import Annotated

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import AwareDatetime, BeforeValidator

from unfind.service.problem import ProblemError

_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
"""RFC 3339, as the API's document promises; what reads it would take -1e-9 for a time as well."""


async def strict_query(request: Request) -> None:
    """Look at the words of a query before the route does.

    A misspelt filter would otherwise search everybody's photos, and of two owners the first would be passed over.

    Raises:
        ProblemError: 422 when a word is unknown or comes twice.
    """
    route = request.scope["route"]
    known = known_words(route.dependant) if isinstance(route, APIRoute) else set()
    came = Counter(name for name, _ in request.query_params.multi_items())
    if unknown := sorted(came.keys() - known):
        allowed = ", ".join(sorted(known)) or "none"
        raise ProblemError(422, f"Expected a query of known words ({allowed}), got {unknown[0][:50]!r}: leave it out.")
    if twice := sorted(name for name, count in came.items() if count > 1):
        raise ProblemError(422, f"Expected each word of the query once, got {twice[0]!r} twice: keep one of them.")


def known_words(dependant: Dependant) -> set[str]:
    """Names of all query parameters of a route and of what it depends on."""
    inner = set[str]().union(*(known_words(one) for one in dependant.dependencies))
    return inner | {field.alias for field in dependant.query_params}


def _written(value: object) -> object:
    if isinstance(value, str) and not _TIME.fullmatch(value):
        raise ValueError("a time is written like 2026-01-31T12:00:00Z")
    return value


StrictQuery = Depends(strict_query)
Time = Annotated[AwareDatetime, BeforeValidator(_written)]
"""A time as text with a zone; a bare number could count seconds or milliseconds."""
