"""Many clients at once: searching, adding and erasing together, and more of them than the service takes."""

from __future__ import annotations

import asyncio
import io
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from unfind.studies.service_process import Running

SEARCHES, ADDS = 0.8, 0.15
"""Shares of the requests; the rest erases what was added."""
JPEG = {"Content-Type": "image/jpeg"}
SIDE = 160
"""Pixels of the photos that are sent."""


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


def made_up_photo(number: int) -> bytes:
    """A JPEG that differs from every other one."""
    draw = np.random.default_rng(number)
    coarse = Image.fromarray(draw.integers(0, 256, (8, 8, 3), np.uint8)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    coarse.save(file, "JPEG", quality=85, comment=str(number).encode())
    return file.getvalue()


def load(server: Running, clients: int, seconds: float, *, searches_only: bool = False) -> Seen:
    """Send requests for a while, each client one after another.

    Args:
        server: Which.
        clients: How many at once.
        seconds: How long.
        searches_only: Neither add nor erase.
    """
    return asyncio.run(_load(server, clients, seconds, searches_only))


async def _load(server: Running, clients: int, seconds: float, searches_only: bool) -> Seen:
    import httpx

    seen, until = Seen(), time.monotonic() + seconds
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
    headers = {"Authorization": f"Bearer {server.key}"}
    async with httpx.AsyncClient(base_url=server.address, headers=headers, limits=limits, timeout=120) as http:
        await asyncio.gather(*(_client(http, number, until, searches_only, seen) for number in range(clients)))
    return seen


async def _client(http: Any, number: int, until: float, searches_only: bool, seen: Seen) -> None:
    draw, mine, sent = np.random.default_rng(number), list[str](), 0
    photos = [made_up_photo(10_000 * number + i) for i in range(4)]
    while time.monotonic() < until:
        chance = 0.0 if searches_only else draw.random()
        if chance < SEARCHES:
            await _send(http, seen, "search", "/v1/search", content=photos[sent % 4], headers=JPEG)
        elif chance < SEARCHES + ADDS or not mine:
            photo = made_up_photo(10_000_000 + 100_000 * number + sent)
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
