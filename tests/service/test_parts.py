from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI

from unfind.service.parts import ALWAYS, MEANINGS, PHOTO_BODY, PHOTO_KINDS, refusals


def test_refusals_of_every_route_and_more() -> None:
    assert set(refusals()) == set(ALWAYS)
    assert set(refusals(404)) == {*ALWAYS, 404}
    assert all(MEANINGS[int(status)] == told["description"] for status, told in refusals(404, 409).items())


def test_photos_are_bodies_of_their_own_kind() -> None:
    assert tuple(PHOTO_BODY["requestBody"]["content"]) == PHOTO_KINDS


def test_every_route_of_the_app_describes_its_refusals(make_app: Callable[..., FastAPI]) -> None:
    for path, methods in make_app().openapi()["paths"].items():
        for operation in methods.values():
            if path != "/v1/health":
                assert {str(status) for status in ALWAYS} <= set(operation["responses"]), path
