"""Many clients at once: searching, adding and erasing together, and more of them than the service takes."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from unfind.studies.service_photos import Photos, made_up_photo, named
from unfind.studies.service_process import Running

SEARCHES, ADDS = 0.8, 0.15
"""Shares of the requests; the rest erases what was added."""
JPEG = {"Content-Type": "image/jpeg"}
FRESH = 100_000
"""Numbers of photos that one client may add."""
KEPT = 4
"""Photos that each client searches with, again and again."""


@dataclass
class Seen:
    """What clients saw.

    Attributes:
        milliseconds: Of each request that was answered well, by kind.
        refused: Milliseconds of each answer 503.
        errors: Other answers, and requests without one.
    """

    milliseconds: dict[str, list[float]] = field(default_factory=lambda: {"search": [], "add": [], "erase": []})
    refused: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def all(self) -> list[float]:
        """Milliseconds of all requests that were answered well."""
        return [taken for kind in self.milliseconds.values() for taken in kind]


def load(
    server: Running, clients: int, seconds: float, *, photos: Photos | None = None, searches_only: bool = False
) -> Seen:
    """Send requests for a while, each client one after another.

    Args:
        server: Which.
        clients: How many at once.
        seconds: How long.
        photos: What is searched with; what is added is made up, so that no two clients add the same.
        searches_only: Neither add nor erase.
    """
    photos = photos or named("made-up")
    return asyncio.run(_load(server, clients, seconds, photos, searches_only))


async def _load(server: Running, clients: int, seconds: float, photos: Photos, searches_only: bool) -> Seen:
    import httpx

    seen, until = Seen(), time.monotonic() + seconds
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
    headers = {"Authorization": f"Bearer {server.key}"}
    async with httpx.AsyncClient(base_url=server.address, headers=headers, limits=limits, timeout=120) as http:
        mine = [[photos.read(KEPT * number + i) for i in range(KEPT)] for number in range(clients)]
        await asyncio.gather(
            *(_client(http, number, until, asked, searches_only, seen) for number, asked in enumerate(mine))
        )
    return seen


async def _client(http: Any, number: int, until: float, asked: list[bytes], searches_only: bool, seen: Seen) -> None:
    draw, mine, sent = np.random.default_rng(number), list[str](), 0
    while time.monotonic() < until:
        chance = 0.0 if searches_only else draw.random()
        if chance < SEARCHES:
            await _send(http, seen, "search", "/v1/search", content=asked[sent % KEPT], headers=JPEG)
        elif chance < SEARCHES + ADDS or not mine:
            photo = made_up_photo(FRESH * (number + 1000) + sent)
            answer = await _send(http, seen, "add", "/v1/photos", content=photo, headers=JPEG)
            mine += [answer.json()["id"]] if answer is not None else []
        else:
            await _send(http, seen, "erase", "/v1/erasures", json={"ids": [mine.pop()]})
        sent += 1


async def _send(http: Any, seen: Seen, kind: str, path: str, **options: Any) -> Any:
    import httpx

    began = time.perf_counter()
    try:
        answer = await http.post(path, **options)
    except httpx.HTTPError as error:
        seen.errors.append(type(error).__name__)
        return None
    taken = 1000 * (time.perf_counter() - began)
    if answer.status_code == 503:
        seen.refused.append(taken)
        await asyncio.sleep(float(answer.headers["Retry-After"]))
    elif answer.is_error:
        seen.errors.append(str(answer.status_code))
    else:
        seen.milliseconds[kind].append(taken)
        return answer
    return None
