"""The claims of the gallery and its service: how fast it finds, what it survives, how it bears a crowd."""

from __future__ import annotations

import time
from collections.abc import Callable
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
from unfind.studies.service_flip import build, cut, damage_rounds, flip
from unfind.studies.service_kill import Killed, kill_rounds
from unfind.studies.service_load import Seen, load
from unfind.studies.service_photos import Photos, named
from unfind.studies.service_process import make_embedder, served
from unfind.studies.service_search import K, latencies, measure_search
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
        flips: bytes that are flipped, each by itself.
        clients: at once.
        seconds: that they send requests.
        overload_seconds: that four times as many as there is room for send requests.
    """

    count: int
    queries: int
    photos: int
    crowd: int
    kills: int
    flips: int
    clients: int
    seconds: float
    overload_seconds: float


FULL = Plan(100_000, 200, 2000, 10_000, 200, 2000, 32, 300.0, 60.0)
QUICK = Plan(100_000, 50, 300, 10_000, 10, 100, 32, 40.0, 10.0)
READERS, WAITING = 2, 8
"""Room of the service that is overloaded."""
OVERLOAD = 4
BATCH = 64
"""Photos embedded at once, as when adding."""


def bench_service(
    data: str,
    folder: Path,
    *,
    architecture: Architecture,
    seeds: int = 3,
    quick: bool = False,
    train_classes: int | None = None,
    progress: Progress = silent,
    part: str | None = None,
) -> dict[str, Any]:
    """Measure search, adding, kill -9 and damage, load and overload; returns the bench document.

    Args:
        data: photos that are added and searched with: folders and zips parted by commas, a word that train knows, or
            "made-up", which also fills up what is missing. The 100,000 vectors of the search are always made up.
        folder: for galleries, keys and logs; must not hold those of an earlier call.
        architecture: of the encoder; its dimension is that of the vectors searched.
        seeds: not used; figures are medians over many calls.
        quick: fewer calls, within ten minutes on two cores that do nothing else.
        train_classes: not used.
        progress: told where it stands.
        part: one of ``PARTS``; None for all of them.

    Raises:
        UsageError: the folder holds a measurement already.
    """
    measures = PARTS if part is None else {part: PARTS[part]}
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"Expected an empty folder for the measurement, got {folder}: name another one.")
    folder.mkdir(parents=True, exist_ok=True)
    started, plan, photos = time.perf_counter(), QUICK if quick else FULL, named(data)
    setting = Setting(folder, plan, architecture, photos)
    steps = [step for measured in measures.values() for step in measured]
    figures: dict[str, Figure] = {}
    for done, measure in enumerate(steps):
        progress(measure.__name__.strip("_"), done, len(steps))
        figures.update(measure(setting))
    settings = {"plan": vars(plan), "architecture": architecture.as_dict(), "real_photos": photos.real}
    seconds = time.perf_counter() - started
    name = "service" if part is None else f"service-{part}"
    return bench_document(name, photos.name, [0], seconds, figures, quick=quick, settings=settings)


@dataclass(frozen=True)
class Setting:
    """What every measure is given: where, how much, with which model, and on which photos."""

    folder: Path
    plan: Plan
    architecture: Architecture
    photos: Photos


def _search(setting: Setting) -> dict[str, Figure]:
    folder, plan, architecture = setting.folder, setting.plan, setting.architecture
    seen = measure_search(folder, plan.count, architecture.dimension, plan.queries)
    of = f"ms, {plan.count} x {architecture.dimension}"
    return {
        "exact_search_p50": Figure([_p50(seen["exact_ms"])], of),
        "approximate_search_p50": Figure([_p50(seen["approximate_ms"])], of, at_most=10),
        "approximate_recall@10": Figure([seen["recall_at_10"]], "share", at_least=0.98),
        "index_search_p50": Figure([_p50(seen["index_ms"])], of + ", the index by itself"),
        "index_recall@10": Figure([seen["index_recall_at_10"]], "share"),
        "hamming_search_p50": Figure([_p50(seen["hamming_ms"])], f"ms, {plan.count} x 64 bit", at_most=10),
        "index_build": Figure([seen["index_seconds"]], "s"),
        "open_verified": Figure([seen["open_seconds"]], "s, all digests compared"),
    }


def _http(setting: Setting) -> dict[str, Figure]:
    folder, plan, architecture = setting.folder, setting.plan, setting.architecture
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


def _add(setting: Setting) -> dict[str, Figure]:
    folder, plan, architecture = setting.folder, setting.plan, setting.architecture
    files = sorted(setting.photos.lay_out(folder / "photos", plan.photos).iterdir())
    embed = make_embedder(architecture)
    embed([srgb(decode(files[0].read_bytes()))])
    reading = encoding = 0.0
    for start in range(0, len(files), BATCH):
        began = time.perf_counter()
        pixels = [srgb(decode(file.read_bytes())) for file in files[start : start + BATCH]]
        read = time.perf_counter()
        embed(pixels)
        reading, encoding = reading + read - began, encoding + time.perf_counter() - read
    gallery = Gallery.create(folder / "added", dimension=architecture.dimension, fingerprint="bench")
    began = time.perf_counter()
    add_photos(gallery, [folder / "photos"], embed, batch=BATCH)
    whole = time.perf_counter() - began
    return {
        "encoder_throughput": Figure([len(files) / encoding], "photos/s, resized and embedded"),
        "reading_throughput": Figure([len(files) / reading], "photos/s, read and decoded"),
        "add_throughput": Figure([len(files) / whole], "photos/s"),
        "add_share_of_encoder": Figure([encoding / whole], "share", at_least=0.9),
        "add_share_of_encoder_and_reading": Figure([(encoding + reading) / whole], "share"),
    }


def _kill(setting: Setting) -> dict[str, Figure]:
    seen: Killed = kill_rounds(setting.folder / "killed", setting.plan.kills)
    of = f"of {seen.acknowledged} acknowledged, {seen.rounds} x kill -9"
    return {
        "kill_lost_writes": Figure([seen.lost], of, at_most=0),
        "kill_removed_back": Figure([seen.back], of, at_most=0),
        "kill_wrong_neighbours": Figure([seen.wrong], of, at_most=0),
        "kill_damaged": Figure([seen.damaged], "rounds", at_most=0),
        "kill_slowest_open": Figure([seen.slowest_open], "s", at_most=2),
        **{f"kill_during_{work}": Figure([count], "rounds") for work, count in sorted(seen.during.items())},
    }


def _damage(setting: Setting) -> dict[str, Figure]:
    place, plan = build(setting.folder / "damaged"), setting.plan
    figures: dict[str, Figure] = {}
    for name, rounds, damage in (("flipped_byte", plan.flips, flip), ("cut_file", plan.flips // 4, cut)):
        seen = damage_rounds(place, rounds, damage)
        of = f"of {rounds}, over {seen.files} files"
        figures |= {
            f"{name}_silent": Figure([len(seen.silent)], of, at_most=0),
            f"{name}_crashed": Figure([len(seen.crashed)], of, at_most=0),
            f"{name}_detected": Figure([seen.detected], of),
            f"{name}_harmless": Figure([seen.harmless], of),
        }
    return figures


def _load(setting: Setting) -> dict[str, Figure]:
    folder, plan, architecture = setting.folder, setting.plan, setting.architecture
    _fill_crowd(setting)
    with served(folder / "crowd", architecture) as server:
        load(server, plan.clients, plan.seconds / 5, photos=setting.photos)  # memory has found its size
        before = server.resident_bytes()
        seen = load(server, plan.clients, plan.seconds, photos=setting.photos)
        growth = server.resident_bytes() / before - 1 if before else float("nan")
    p50, p99 = _share(seen, 50), _share(seen, 99)
    return {
        "load_requests": Figure([len(seen.all()) / plan.seconds], f"1/s, {plan.clients} clients, {plan.crowd} photos"),
        "load_errors": Figure([len(seen.errors) + len(seen.refused)], "requests", at_most=0),
        "load_p50": Figure(p50, "ms"),
        "load_p99": Figure(p99, "ms"),
        "load_p99_by_p50": Figure([high / middle for high, middle in zip(p99, p50, strict=True)], "times", at_most=10),
        "load_memory_growth": Figure([growth], "share", at_most=0.05),
        **{
            f"load_{kind}_p50": Figure([_p50(taken)] if taken else [], "ms")
            for kind, taken in seen.milliseconds.items()
        },
    }


def _overload(setting: Setting) -> dict[str, Figure]:
    folder, plan, architecture = setting.folder, setting.plan, setting.architecture
    room = READERS + WAITING
    with served(folder / "crowd", architecture, readers=READERS, waiting=WAITING) as server:
        calm = load(server, room, plan.overload_seconds, photos=setting.photos, searches_only=True)
        crowd = load(server, OVERLOAD * room, plan.overload_seconds, photos=setting.photos, searches_only=True)
    slower = [high / usual for high, usual in zip(_share(crowd, 99), _share(calm, 99), strict=False)]
    return {
        "overload_errors": Figure([len(calm.errors) + len(crowd.errors)], "requests", at_most=0),
        "overload_refused": Figure(
            [len(crowd.refused)], f"requests, {OVERLOAD * room} clients, room for {room}", at_least=1
        ),
        "overload_refusal_p50": Figure(_p50_or_none(crowd.refused), "ms", at_most=100),
        "overload_accepted_p99": Figure(slower, "times the p99 at full room", at_most=1.5),
    }


def _fill_crowd(setting: Setting) -> None:
    """The gallery that clients use together; photos are added as anybody adds them."""
    folder, dimension = setting.folder, setting.architecture.dimension
    photos = setting.photos.lay_out(folder / "crowd-photos", setting.plan.crowd)
    gallery = Gallery.create(folder / "crowd", dimension=dimension, fingerprint="bench")
    add_photos(gallery, [photos], make_embedder(setting.architecture))


PARTS: dict[str, tuple[Callable[[Setting], dict[str, Figure]], ...]] = {
    "search": (_search, _http),
    "add": (_add,),
    "faults": (_kill, _damage),
    "load": (_load, _overload),
}
"""What can be measured by itself."""


def _p50(values: list[float]) -> float:
    return float(np.median(values))


def _share(seen: Seen, percent: float) -> list[float]:
    """Milliseconds within which so many per cent were answered; nothing when none was answered well."""
    return [float(np.percentile(seen.all(), percent))] if seen.all() else []


def _p50_or_none(values: list[float]) -> list[float]:
    return [_p50(values)] if values else []
