from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from unfind.service.body import read_body, replay
from unfind.service.problem import ProblemError


def read(
    parts: Sequence[bytes], *, headers: Sequence[tuple[bytes, bytes]] = (), pause: float = 0.0
) -> tuple[bytes, int]:
    """The body that comes in these parts, and how many of them were taken."""
    taken = 0

    async def receive() -> dict[str, Any]:
        nonlocal taken
        await asyncio.sleep(pause)
        if taken == len(parts):
            return {"type": "http.disconnect"}
        taken += 1
        return {"type": "http.request", "body": parts[taken - 1], "more_body": taken < len(parts)}

    scope = {"type": "http", "headers": list(headers)}
    try:
        return asyncio.run(read_body(scope, receive, max_bytes=10, seconds=0.2)), taken
    except ProblemError as error:
        error.taken = taken  # type: ignore[attr-defined]
        raise


@pytest.mark.parametrize("parts", [[b""], [b"0123456789"], [b"01", b"", b"23456789"], [b"a"] * 10])
def test_bodies_within_the_limit_are_read(parts: list[bytes]) -> None:
    assert read(parts)[0] == b"".join(parts)
    assert read(parts, headers=[(b"content-encoding", b"identity"), (b"content-length", b"10")])[0] == b"".join(parts)


def test_a_length_over_the_limit_is_refused_before_a_byte_is_read() -> None:
    with pytest.raises(ProblemError) as caught:
        read([b"x"], headers=[(b"content-length", b"11")])
    assert (caught.value.status, caught.value.taken) == (413, 0)  # type: ignore[attr-defined]


def test_a_body_that_lies_about_its_length_is_cut_off() -> None:
    with pytest.raises(ProblemError) as caught:
        read([b"12345"] * 100, headers=[(b"content-length", b"5")])
    assert (caught.value.status, caught.value.taken) == (413, 3)  # type: ignore[attr-defined]


def test_a_slow_body_is_given_up() -> None:
    with pytest.raises(ProblemError) as caught:
        read([b"1"] * 9, pause=0.1)
    assert caught.value.status == 408
    assert caught.value.headers["Connection"] == "close"


@pytest.mark.parametrize("kind", [b"gzip", b"br", b"deflate, gzip", b"x"])
def test_packed_bodies_are_not_unpacked(kind: bytes) -> None:
    with pytest.raises(ProblemError) as caught:
        read([b"x"], headers=[(b"content-encoding", kind)])
    assert caught.value.status == 415


@pytest.mark.parametrize("length", [b"-1", b"x", b"1e3", b""])
def test_a_length_that_is_none_is_refused(length: bytes) -> None:
    with pytest.raises(ProblemError) as caught:
        read([b"x"], headers=[(b"content-length", length)])
    assert caught.value.status == 400


def test_a_client_that_goes_away_is_no_failure_of_ours() -> None:
    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    with pytest.raises(ProblemError) as caught:
        asyncio.run(read_body({"headers": []}, gone, max_bytes=10, seconds=1))
    assert caught.value.status == 400


def test_a_body_is_handed_on_once() -> None:
    async def later() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def both() -> list[Any]:
        receive = replay(b"abc", later)
        return [await receive(), await receive()]

    assert asyncio.run(both()) == [
        {"type": "http.request", "body": b"abc", "more_body": False},
        {"type": "http.disconnect"},
    ]
