"""The API as a whole: its document is frozen, and no request breaks it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

FROZEN = Path(__file__).with_name("openapi.json")
EXAMPLES = 10
"""Of each operation, fitting and unfit ones; benchmarks/api_fuzz.py runs a thousand and more."""


def document(app: FastAPI) -> dict[str, Any]:
    told = app.openapi()
    return {**told, "info": {**told["info"], "version": "-"}}


def test_the_api_is_what_it_was(make_app: Callable[..., FastAPI]) -> None:
    now = json.dumps(document(make_app()), indent=1, sort_keys=True) + "\n"
    assert FROZEN.read_text() == now, f"the API has changed: if that is meant, write the new document to {FROZEN.name}"


def test_the_api_fetches_no_addresses(make_app: Callable[..., FastAPI]) -> None:
    text = json.dumps(document(make_app())).lower()
    assert '"url"' not in text
    assert '"uri"' not in text


def test_schemathesis_finds_nothing(make_app: Callable[..., FastAPI], keys: Any) -> None:
    schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
    from schemathesis.python import asgi

    app = make_app()
    schema = schemathesis.openapi.from_dict(app.openapi())
    schema.app = app
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) >= 12
    with asgi.get_client(app) as session:  # one client for all calls: each new one starts the service anew
        for operation in operations:
            _call_often(operation, keys["write"], session)
    asgi.shutdown_lifespans()


def _call_often(operation: Any, headers: dict[str, str], session: Any) -> None:
    from schemathesis.generation import GenerationMode
    from schemathesis.specs.openapi.checks import positive_data_acceptance

    modes = GenerationMode if operation.path != "/v1/health" else [GenerationMode.POSITIVE]  # it takes nothing

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=st.one_of([operation.as_strategy(mode) for mode in modes]))
    def call(case: Any) -> None:
        # Any bytes fit the word "binary", but only a photo is one.
        case.call_and_validate(session=session, headers=headers, excluded_checks=[positive_data_acceptance])

    call()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 3000), bits=st.integers(1, 255), cut=st.integers(0, 3000) | st.none())
def test_damaged_photos_are_refused_or_read(
    http: TestClient, jpeg: Callable[..., bytes], place: int, bits: int, cut: int | None
) -> None:
    data = bytearray(jpeg())
    data[place % len(data)] ^= bits
    answer = http.post("/v1/search", content=bytes(data[:cut]), headers={"Content-Type": "image/jpeg"})
    assert answer.status_code in (200, 413, 422), answer.text
