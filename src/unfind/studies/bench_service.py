"""The claims of the gallery and its service: how fast it finds, what it survives, how it bears a crowd."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from unfind.errors import UsageError
from unfind.gallery.add_folder import add_photos
from unfind.gallery.store import Gallery
from unfind.images.colour import srgb
from unfind.images.decode import decode
from unfind.models.encoder import Architecture
from unfind.studies.bench_document import Figure, bench_document
from unfind.studies.progress import Progress, silent
from unfind.studies.service_kill import Killed, kill_rounds
from unfind.studies.service_load import Seen, load, made_up_photo
from unfind.studies.service_process import make_embedder, served
from unfind.studies.service_search import K, fill, latencies, measure_search
from unfind.studies.service_vectors import crowded, near


@dataclass(frozen=True)
class Plan:
    """How much is done.

    Attributes:
        count: photos that are searched in.
        queries: searches that are timed, of each kind.
        photos: JPEG files that are added, for the throughput.
        crowd: photos in the gallery that clients use together.
        kills: writers that are killed.
        clients: at once.
        seconds: that they send requests.
        overload_seconds: that four times as many as there is room for send requests.
    """

    count: int
    queries: int
    photos: int
    crowd: int
    kills: int
    clients: int
    seconds: float
    overload_seconds: float


FULL = Plan(100_000, 200, 2000, 10_000, 200, 32, 300.0, 60.0)
QUICK = Plan(100_000, 50, 300, 10_000, 10, 32, 40.0, 10.0)
READERS, WAITING = 2, 8
"""Room of the service that is overloaded."""
OVERLOAD = 4
THUMBNAIL_BYTES = 4000
"""About what a thumbnail takes."""


def bench_service(
    data: str,
    folder: Path,
    *,
    architecture: Architecture,
    seeds: int = 3,
    quick: bool = False,
    train_classes: int | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Measure search, adding, kill -9, load and overload; returns the bench document.

    Args:
        data: not used: embeddings and photos are made up, so that everybody measures the same.
        folder: for galleries, keys and logs; must not hold those of an earlier call.
        architecture: of the encoder; its dimension is that of the vectors searched.
        seeds: not used; figures are medians over many calls.
        quick: fewer calls, within ten minutes on two cores that do nothing else.
        train_classes: not used.
        progress: told where it stands.

    Raises:
        UsageError: the folder holds a measurement already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"Expected an empty folder for the measurement, got {folder}: name another one.")
    folder.mkdir(parents=True, exist_ok=True)
    started, plan = time.perf_counter(), QUICK if quick else FULL
    steps = ("search", "search over HTTP", "add", "kill -9", "load", "overload")
    figures: dict[str, Figure] = {}
    for done, (name, measure) in enumerate(zip(steps, _MEASURES, strict=True)):
        progress(name, done, len(steps))
        figures.update(measure(folder, plan, architecture))
    settings = {"plan": vars(plan), "architecture": architecture.as_dict()}
    seconds = time.perf_counter() - started
    return bench_document("service", "made up", [0], seconds, figures, quick=quick, settings=settings)


def _search(folder: Path, plan: Plan, architecture: Architecture) -> dict[str, Figure]:
    seen = measure_search(folder, plan.count, architecture.dimension, plan.queries)
    of = f"ms, {plan.count} x {architecture.dimension}"
    return {
        "exact_search_p50": Figure([_p50(seen["exact_ms"])], of),
        "approximate_search_p50": Figure([_p50(seen["approximate_ms"])], of, at_most=10),
        "approximate_recall@10": Figure([seen["recall_at_10"]], "share", at_least=0.98),
        "hamming_search_p50": Figure([_p50(seen["hamming_ms"])], f"ms, {plan.count} x 64 bit", at_most=10),
        "index_build": Figure([seen["index_seconds"]], "s"),
        "open_verified": Figure([seen["open_seconds"]], "s, all digests compared"),
    }


def _http(folder: Path, plan: Plan, architecture: Architecture) -> dict[str, Figure]:
    from unfind.service.client import Client

    asked = near(crowded(plan.count, architecture.dimension), plan.queries)
    gallery = Gallery.open(folder / "floats", verify=False, resident=True)
    with served(folder / "floats", architecture) as server, Client(server.address, server.key) as client:
        rows = [query.tolist() for query in asked]
        over = latencies(lambda number: client.search_embeddings([rows[number]], k=K), plan.queries)
        inside = latencies(lambda number: gallery.search(asked[number : number + 1], K), plan.queries)
        nearly = latencies(lambda number: client.search_embeddings([rows[number]], k=K, exact=False), plan.queries)
    of = f"ms, {plan.count} x {architecture.dimension}"
    return {
        "http_exact_search_p50": Figure([_p50(over)], of, at_most=40),
        "http_approximate_search_p50": Figure([_p50(nearly)], of),
        "http_overhead_p50": Figure([_p50(over) - _p50(inside)], "ms", at_most=5),
    }


def _add(folder: Path, plan: Plan, architecture: Architecture) -> dict[str, Figure]:
    photos = folder / "photos"
    photos.mkdir()
    for number in range(plan.photos):
        (photos / f"{number:06}.jpg").write_bytes(made_up_photo(number))
    embed = make_embedder(architecture)
    gallery = Gallery.create(folder / "added", dimension=architecture.dimension, fingerprint="bench")
    embed([srgb(decode(made_up_photo(0)))])
    began = time.perf_counter()
    for start in range(0, plan.photos, 64):
        files = [photos / f"{number:06}.jpg" for number in range(start, min(start + 64, plan.photos))]
        embed([srgb(decode(file.read_bytes())) for file in files])
    alone = plan.photos / (time.perf_counter() - began)
    began = time.perf_counter()
    add_photos(gallery, [photos], embed)
    whole = plan.photos / (time.perf_counter() - began)
    return {
        "encoder_throughput": Figure([alone], "photos/s, read, decoded and embedded"),
        "add_throughput": Figure([whole], "photos/s"),
        "add_share_of_encoder": Figure([whole / alone], "share", at_least=0.9),
    }


def _kill(folder: Path, plan: Plan, architecture: Architecture) -> dict[str, Figure]:
    seen: Killed = kill_rounds(folder / "killed", plan.kills)
    of = f"of {seen.acknowledged} acknowledged, {seen.rounds} x kill -9"
    return {
        "kill_lost_writes": Figure([seen.lost], of, at_most=0),
        "kill_removed_back": Figure([seen.back], of, at_most=0),
        "kill_wrong_neighbours": Figure([seen.wrong], of, at_most=0),
        "kill_damaged": Figure([seen.damaged], "rounds", at_most=0),
        "kill_slowest_open": Figure([seen.slowest_open], "s", at_most=2),
    }


def _load(folder: Path, plan: Plan, architecture: Architecture) -> dict[str, Figure]:
    rows = crowded(plan.crowd, architecture.dimension)
    fill(folder / "crowd", rows, "cosine", THUMBNAIL_BYTES)
    with served(folder / "crowd", architecture) as server:
        load(server, plan.clients, plan.seconds / 5)  # memory has found its size
        before = server.resident_bytes()
        seen = load(server, plan.clients, plan.seconds)
        growth = server.resident_bytes() / before - 1 if before else float("nan")
    p50, p99 = _p50(seen.all()), float(np.percentile(seen.all(), 99))
    return {
        "load_requests": Figure([len(seen.all()) / plan.seconds], f"1/s, {plan.clients} clients, {plan.crowd} photos"),
        "load_errors": Figure([len(seen.errors) + len(seen.refused)], "requests", at_most=0),
        "load_p50": Figure([p50], "ms"),
        "load_p99": Figure([p99], "ms"),
        "load_p99_by_p50": Figure([p99 / p50], "times", at_most=10),
        "load_memory_growth": Figure([growth], "share", at_most=0.05),
        **{
            f"load_{kind}_p50": Figure([_p50(taken)] if taken else [], "ms")
            for kind, taken in seen.milliseconds.items()
        },
    }


def _overload(folder: Path, plan: Plan, architecture: Architecture) -> dict[str, Figure]:
    room = READERS + WAITING
    with served(folder / "crowd", architecture, readers=READERS, waiting=WAITING) as server:
        calm = load(server, room, plan.overload_seconds, searches_only=True)
        crowd = load(server, OVERLOAD * room, plan.overload_seconds, searches_only=True)
    return {
        "overload_errors": Figure([len(calm.errors) + len(crowd.errors)], "requests", at_most=0),
        "overload_refused": Figure(
            [len(crowd.refused)], f"requests, {OVERLOAD * room} clients, room for {room}", at_least=1
        ),
        "overload_refusal_p50": Figure(_p50_or_none(crowd.refused), "ms", at_most=100),
        "overload_accepted_p99": Figure([_p99(crowd) / _p99(calm)], "times the p99 at full room", at_most=1.5),
    }


_MEASURES = (_search, _http, _add, _kill, _load, _overload)


def _p50(values: list[float]) -> float:
    return float(np.median(values))


def _p99(seen: Seen) -> float:
    return float(np.percentile(seen.all(), 99))


def _p50_or_none(values: list[float]) -> list[float]:
    return [_p50(values)] if values else []
