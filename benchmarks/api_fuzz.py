"""Thousands of made-up requests against the whole API: python benchmarks/api_fuzz.py [CASES] [PHOTOS] [FILE]

CASES (default 1000) requests of each operation, half of them fitting and half unfit, are drawn by schemathesis from the
OpenAPI document, and every answer is checked against it by all of its checks; PHOTOS (default 10000) damaged photos are
sent to search. Writes a bench document to FILE, or to stdout; exit code 1 when a target is missed.
"""

from __future__ import annotations

import io
import json
import resource
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from PIL import Image
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode
from schemathesis.python import asgi
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.testclient import TestClient

from unfind.gallery.store import Gallery
from unfind.report.bench_json import write_bench
from unfind.service.api_keys import KeyRing
from unfind.service.app import create_app
from unfind.service.backend import Backend
from unfind.service.limits import ServiceLimits
from unfind.studies.bench_document import Figure, bench_document
from unfind.triggers.key import Key
from unfind.triggers.spread_spectrum import SpreadSpectrum

READ_OR_REFUSED = {200, 413, 422}
"""What may be answered to a damaged photo."""
PLACES = (ParameterLocation.PATH, ParameterLocation.QUERY, ParameterLocation.HEADER, ParameterLocation.BODY)
"""Parts of a request that may be unfit."""
MEMORY_MIB = 64
"""By how much the process may grow at most while damaged photos come in; one of them is decoded at a time."""


class MeanColour:
    """An embedder that costs nothing: a photo's mean colour."""

    fingerprint, dimension = "mean-colour", 3

    def __call__(self, images: Sequence[np.ndarray], /) -> np.ndarray:
        means = np.stack([image.reshape(-1, 3).mean(axis=0) + 1.0 for image in images]).astype(np.float32)
        return means / np.linalg.norm(means, axis=1, keepdims=True)


def fuzz_operations(schema: Any, session: Any, headers: dict[str, str], cases: int) -> dict[str, Any]:
    """Call every operation; for each how many cases of each kind were sent, how they were answered, what was wrong."""
    found: dict[str, Any] = {}
    for operation in (result.ok() for result in schema.get_all_operations()):
        kinds = {mode.value: _fuzz(operation, mode, session, headers, cases // 2) for mode in GenerationMode}
        found[operation.label] = {name: kind for name, kind in kinds.items() if kind is not None}
        print(operation.label, found[operation.label], file=sys.stderr, flush=True)
    return found


def _fuzz(
    operation: Any, mode: GenerationMode, session: Any, headers: dict[str, str], cases: int
) -> dict[str, Any] | None:
    """One operation with fitting or with unfit requests; None where there is nothing that could be unfit."""
    statuses: Counter[int] = Counter()

    @settings(max_examples=cases, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(mode), living=st.integers(0, 3))
    def call(case: Any, living: int) -> None:
        if living == 0 and mode is GenerationMode.POSITIVE:
            _name_what_is_there(case, session, headers)
        key = _key_for(case, headers)
        # A key that is sent must be known to all checks: it goes into the case, and beside it.
        case.headers = {**(case.headers or {}), **key}
        # Any bytes fit the word "binary", but only a photo is one.
        answer = case.call_and_validate(session=session, headers=key, excluded_checks=[positive_data_acceptance])
        statuses[int(answer.status_code)] += 1

    wrong = None
    try:
        call()
    except Unsatisfiable:
        return None
    except (Exception, BaseExceptionGroup) as error:
        wrong = str(error)[:2000]
    return {"cases": sum(statuses.values()), "statuses": dict(sorted(statuses.items())), "wrong": wrong}


def _key_for(case: Any, headers: dict[str, str]) -> dict[str, str]:
    """The key, unless the headers are all that is unfit: such a request must be refused as it is.

    What else is unfit is judged by what is sent: in an address "null" fits wherever a text does.
    """
    unfit = [place for place in PLACES if case.meta.is_negative_at(place)]
    return {} if unfit == [ParameterLocation.HEADER] else headers


def _name_what_is_there(case: Any, session: Any, headers: dict[str, str]) -> None:
    """Made-up ids and embeddings fit nothing: put the id of a photo that was just added in, and unit vectors."""
    body = case.body if isinstance(case.body, dict) else {}
    if "embeddings" in body:
        body["embeddings"] = [[0.6, 0.0, 0.8] for _ in body["embeddings"]]
    if "ids" not in body and "photo_id" not in (case.path_parameters or {}):
        return
    file = io.BytesIO()
    Image.new("RGB", (8, 8), tuple(secrets.token_bytes(3))).save(file, "PNG", compress_level=secrets.randbelow(9))
    added = session.post("/v1/photos", data=file.getvalue(), headers={**headers, "Content-Type": "image/png"})
    if "ids" in body:
        body["ids"] = [added.json()["id"]]
    else:
        case.path_parameters["photo_id"] = added.json()["id"]


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
        end = int(draw.integers(len(data))) if number % 4 == 0 else len(data)
        answer = client.post("/v1/search", content=bytes(data[:end]), headers={"Content-Type": "image/jpeg"})
        statuses[answer.status_code] += 1
        if number == count // 10:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {"count": count, "statuses": dict(sorted(statuses.items())), "peak_growth_mib": round(grown / 1024, 1)}


def figures(operations: dict[str, Any], photos: dict[str, Any], cases: int) -> dict[str, Figure]:
    """The figures with their targets."""
    kinds = [kind for operation in operations.values() for kind in operation.values()]
    broken = sum(count for kind in kinds for status, count in kind["statuses"].items() if status >= 500)
    varied = [sum(kind["cases"] for kind in found.values()) for found in operations.values() if "negative" in found]
    unexpected = sum(count for status, count in photos["statuses"].items() if status not in READ_OR_REFUSED)
    return {
        "operations": Figure([len(operations)], "called, which is all of them"),
        "requests": Figure([sum(kind["cases"] for kind in kinds)], "sent"),
        "fewest_cases": Figure([min(varied)], "of one operation that takes anything", at_least=cases),
        "server_errors": Figure([broken], "answers of 500 or more", at_most=0),
        "violations": Figure([sum(kind["wrong"] is not None for kind in kinds)], "operations", at_most=0),
        "damaged_photos": Figure([photos["count"]], "sent"),
        "damaged_photos_crashed": Figure([unexpected], "neither read nor refused", at_most=0),
        "damaged_photos_memory": Figure(
            [photos["peak_growth_mib"]], "MiB grown after the first tenth", at_most=MEMORY_MIB
        ),
    }


def measure(cases: int, photos: int) -> dict[str, Any]:
    """Send everything; returns the bench document."""
    began = time.perf_counter()
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
    seconds = time.perf_counter() - began
    found = {"operations": operations, "photos": damaged}
    return bench_document("api", "made up", [0], seconds, figures(operations, damaged, cases), found=found)


def main(cases: int = 1000, photos: int = 10_000, out: Path | None = None) -> int:
    """Measure, write, and say whether every target holds."""
    document = measure(cases, photos)
    print(json.dumps(document, indent=2)) if out is None else write_bench(out, document)
    return int(any(figure["holds"] is False for figure in document["figures"].values()))


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:3]]
    sys.exit(main(*numbers, out=Path(sys.argv[3]) if len(sys.argv) > 3 else None))
