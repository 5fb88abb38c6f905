"""Thousands of made-up requests against the whole API: python benchmarks/api_fuzz.py [CASES] [PHOTOS]

CASES (default 1000) requests of each operation are drawn by schemathesis from the OpenAPI document and checked against
it; PHOTOS (default 10000) damaged photos are sent to search. Prints one JSON document; exit code 1 when anything but a
described answer came.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import schemathesis
from hypothesis import HealthCheck, given, settings
from PIL import Image
from schemathesis.python import asgi
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.testclient import TestClient

from unfind.gallery.store import Gallery
from unfind.service.api_keys import KeyRing
from unfind.service.app import create_app
from unfind.service.backend import Backend
from unfind.service.limits import ServiceLimits
from unfind.triggers.key import Key
from unfind.triggers.spread_spectrum import SpreadSpectrum


class MeanColour:
    """An embedder that costs nothing: a photo's mean colour."""

    fingerprint, dimension = "mean-colour", 3

    def __call__(self, images: Sequence[np.ndarray], /) -> np.ndarray:
        means = np.stack([image.reshape(-1, 3).mean(axis=0) + 1.0 for image in images]).astype(np.float32)
        return means / np.linalg.norm(means, axis=1, keepdims=True)


def fuzz_operations(schema: Any, session: Any, headers: dict[str, str], cases: int) -> dict[str, Any]:
    """Call every operation; for each the number of cases and what was wrong."""
    found: dict[str, Any] = {}
    for operation in (result.ok() for result in schema.get_all_operations()):
        statuses: Counter[int] = Counter()

        @settings(max_examples=cases, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def call(case: Any, statuses: Counter[int] = statuses) -> None:
            statuses[_validated(case, session, headers)] += 1

        try:
            call()
            wrong = None
        except Exception as error:
            wrong = str(error)[:2000]
        found[operation.label] = {"statuses": dict(statuses), "wrong": wrong}
    return found


def _validated(case: Any, session: Any, headers: dict[str, str]) -> int:
    # Any bytes fit the word "binary", but only a photo is one.
    return int(
        case.call_and_validate(session=session, headers=headers, excluded_checks=[positive_data_acceptance]).status_code
    )


def fuzz_photos(client: TestClient, count: int, seed: int = 0) -> dict[str, Any]:
    """Send damaged photos to search; how they were answered, and by how much memory grew."""
    draw, statuses = np.random.default_rng(seed), Counter[int]()
    pixels = Image.fromarray(draw.integers(0, 256, (64, 48, 3), np.uint8))
    originals = []
    for kind in ("JPEG", "PNG", "WEBP"):
        file = io.BytesIO()
        pixels.save(file, kind)
        originals.append(file.getvalue())
    before = 0
    for number in range(count):
        data = bytearray(originals[number % 3])
        for _ in range(draw.integers(1, 8)):
            data[draw.integers(len(data))] = draw.integers(256)
        cut = int(draw.integers(len(data))) if number % 4 == 0 else len(data)
        answer = client.post("/v1/search", content=bytes(data[:cut]), headers={"Content-Type": "image/jpeg"})
        statuses[answer.status_code] += 1
        if number == count // 10:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {"statuses": dict(statuses), "peak_growth_mib": round(grown / 1024, 1)}


def main(cases: int, photos: int) -> int:
    """Run both and print what came."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        Gallery.create(place / "g", dimension=3, fingerprint="mean-colour")
        ring, limits = KeyRing(place / "keys.json"), ServiceLimits()
        headers = {"Authorization": f"Bearer {ring.new('fuzz', 'write')}"}
        gallery = Gallery.open(place / "g", resident=True)
        app = create_app(Backend(gallery, MeanColour(), limits.photo, SpreadSpectrum(Key.from_seed(1))), ring, limits)
        schema = schemathesis.openapi.from_dict(app.openapi())
        schema.app = app
        with asgi.get_client(app) as session:
            operations = fuzz_operations(schema, session, headers, cases)
        asgi.shutdown_lifespans()  # lets go of the gallery, which a second service takes
        gallery = Gallery.open(place / "g", resident=True)
        app = create_app(Backend(gallery, MeanColour(), limits.photo), ring, limits)
        with TestClient(app, headers=headers, raise_server_exceptions=False) as client:
            damaged = fuzz_photos(client, photos)
    print(json.dumps({"cases": cases, "operations": operations, "photos": damaged}, indent=2))
    unexpected = set(damaged["statuses"]) - {200, 413, 422}
    return 1 if unexpected or any(found["wrong"] for found in operations.values()) else 0


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    sys.exit(main(*(numbers + [1000, 10_000][len(numbers) :])))
