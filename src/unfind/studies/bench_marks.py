"""The claim of the marks: what they survive, what they cost, how often they are seen where none is.

Ours, the plane waves and the peers that are installed mark the same photos, which are written as files of their own
kind, edited and read. A peer carries 32 bits and verifies a photo when all of them are right; ours carries 64, and
verifies within its bound.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from unfind.datasets.native import held_out, native_photos, photos_of
from unfind.errors import UsageError
from unfind.images.photo import Photo
from unfind.models.encoder import Architecture
from unfind.studies.bench_document import Figure, bench_document
from unfind.studies.mark_alarms import Alarms, count_alarms
from unfind.studies.mark_costs import MEGAPIXELS, end_to_end, network_costs
from unfind.studies.mark_methods import own_methods, peers
from unfind.studies.mark_parity import mark_parity
from unfind.studies.mark_survival import Row, mark_survival
from unfind.studies.plan_options import with_counts
from unfind.studies.progress import Progress, silent
from unfind.triggers.export_mark import SMALL
from unfind.triggers.key import Key
from unfind.triggers.keyed_mark import KeyedMark
from unfind.triggers.learned import load
from unfind.triggers.onnx_mark import OnnxMark
from unfind.triggers.shipped import FOLDER, SHIPPED, SPREAD_SPECTRUM
from unfind.triggers.torch_mark import TorchMark


@dataclass(frozen=True)
class Plan:
    """How much is done.

    Attributes:
        photos: that ours and the plane waves mark, for each seed.
        peer_photos: that the peers mark, of the first seed: some take a second for each look.
        unmarked: pictures that nobody marked.
        engines: photos on which torch and onnxruntime are compared.
        repeats: passes of a network that is timed.
        megapixels: of the photos that go from file to file.
    """

    photos: int
    peer_photos: int
    unmarked: int
    engines: int
    repeats: int
    megapixels: tuple[int, ...]


COUNTS = ("photos", "peer_photos", "unmarked", "engines")
"""What can be asked for otherwise: a claim that stands in one document need not be measured again in the next."""
FULL = Plan(photos=100, peer_photos=20, unmarked=20_000, engines=500, repeats=20, megapixels=(12, 48))
QUICK = Plan(photos=8, peer_photos=2, unmarked=300, engines=10, repeats=3, megapixels=(12,))
THUMBNAIL = 200
"""Photos whose shorter side, in the middle of all, is below this are thumbnails, of which less faintness is asked."""
BITS = {"untouched": 0.995, "jpeg75": 0.98, "jpeg50": 0.95, "resize0.5": 0.95}
VERIFIED = {"jpeg75": 0.99}
"""Targets of our own mark."""


def bench_marks(
    data: str,
    folder: Path,
    *,
    architecture: Architecture,
    seeds: int = 3,
    quick: bool = False,
    train_classes: int | None = None,
    options: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Mark, edit, read, time and count; returns the bench document.

    Args:
        data: a folder or zip of photos, or another data set; every fifth photo counts, those that the training of a
            mark leaves out.
        folder: for the large photos of the end-to-end measure.
        architecture: not used, as no model takes part.
        seeds: keys, each of which marks the photos.
        quick: a small form that is no claim.
        train_classes: must be None.
        options: counts of the plan to replace, such as ``{"unmarked": 2000}``; the document names them.
        progress: told where it stands.

    Raises:
        UnfindError: whatever stands in the way.
    """
    started = time.perf_counter()
    if train_classes is not None:
        raise UsageError(f"Expected no --train-classes for marks, got {train_classes}: nothing is trained.")
    plan = with_counts(QUICK if quick else FULL, options or {}, COUNTS, "marks")
    used = list(range(1 if quick else seeds))
    photos = list(native_photos(held_out(photos_of(data)), max(plan.photos, plan.engines)))
    keys = [Key.from_seed(seed) for seed in used]
    rows = [_survival(key, _few(photos, plan.photos), progress) for key in keys]
    installed, absent = peers()
    others = mark_survival(installed, _few(photos, plan.peer_photos), progress=progress)
    marks = [KeyedMark(key, OnnxMark(FOLDER)) for key in keys]
    alarms = count_alarms(marks, [photo.pixels for photo in photos], plan.unmarked, progress=progress)
    engines = _engines(keys[0], _few(photos, plan.engines))
    costs = network_costs(plan.repeats)
    large = {str(size): end_to_end(photos[0].pixels, size, folder, SHIPPED) for size in plan.megapixels}
    figures = {
        **_own_figures(rows, _psnr_target(photos)),
        **{name: figure for title, row in others.items() for name, figure in _figures(title, [row.as_dict()]).items()},
        **_alarm_figures(alarms),
        **_engine_figures(engines),
        **_cost_figures(costs, large),
    }
    return bench_document(
        "marks",
        data,
        used,
        time.perf_counter() - started,
        figures,
        quick=quick,
        settings={"plan": vars(plan), "mark": load(SHIPPED).fingerprint, "strength": load(SHIPPED).card["strength"]},
        survival={**{name: [row[name].as_dict() for row in rows] for name in rows[0]}}
        | {name: [row.as_dict()] for name, row in others.items()},
        absent=absent,
        engines=engines,
        costs=costs,
        large=large,
    )


def _survival(key: Key, photos: Sequence[Photo], progress: Progress) -> dict[str, Row]:
    return mark_survival(own_methods(key, (SHIPPED, SPREAD_SPECTRUM)), photos, progress=progress)


def _few(photos: Sequence[Photo], count: int) -> list[Photo]:
    """So many of the photos, evenly chosen."""
    return [photos[int(place)] for place in np.unique(np.linspace(0, len(photos) - 1, min(count, len(photos))))
            .astype(int)]  # fmt: skip


def _psnr_target(photos: Sequence[Photo]) -> float:
    return 36 if np.median([min(photo.pixels.shape[:2]) for photo in photos]) < THUMBNAIL else 40


def _engines(key: Key, photos: Sequence[Photo]) -> dict[str, Any]:
    """onnxruntime, in both forms, beside torch."""
    others = {
        "onnx": KeyedMark(key, OnnxMark(FOLDER)),
        "onnx_int8": KeyedMark(key, OnnxMark(FOLDER, suffix=SMALL)),
    }
    found = mark_parity(KeyedMark(key, TorchMark(load(SHIPPED))), others, [photo.pixels for photo in photos])
    return {name: parity.as_dict() for name, parity in found.items()}


def _own_figures(rows: Sequence[dict[str, Row]], psnr: float) -> dict[str, Figure]:
    """Ours with its targets, the plane waves without."""
    found: dict[str, Figure] = {}
    for name in rows[0]:
        own = name == "ours"
        found |= _figures(
            name,
            [row[name].as_dict() for row in rows],
            bits=BITS if own else {},
            verified=VERIFIED if own else {},
            psnr=psnr if own else None,
            ssim=0.98 if own and psnr >= 40 else None,
        )
    return found


def _figures(
    name: str,
    rows: Sequence[dict[str, Any]],
    *,
    bits: dict[str, float] | None = None,
    verified: dict[str, float] | None = None,
    psnr: float | None = None,
    ssim: float | None = None,
) -> dict[str, Figure]:
    """What a method reached, for each seed."""
    found = {
        f"{name}_psnr": Figure(_there(rows, "psnr"), "dB, written files", at_least=psnr),
        f"{name}_ssim": Figure(_there(rows, "ssim"), "written files", at_least=ssim),
        f"{name}_mark_ms": Figure(_there(rows, "mark_ms"), "ms of one core"),
        f"{name}_read_ms": Figure(_there(rows, "read_ms"), "ms of one core"),
    }
    for kind, told, targets in (("bit_accuracy", "bits", bits or {}), ("verify_rate", "verified", verified or {})):
        for edit in rows[0][kind]:
            values = [row[kind][edit] for row in rows]
            found[f"{name}_{told}_{edit}"] = Figure(values, "fraction", at_least=targets.get(edit))
    return found


def _there(rows: Sequence[dict[str, Any]], name: str) -> list[float]:
    return [row[name] for row in rows if row[name] is not None]


def _alarm_figures(alarms: Alarms) -> dict[str, Figure]:
    return {
        "unmarked_pictures": Figure([alarms.looked_at], "pictures"),
        "false_alarms": Figure([alarms.marked], "pictures", at_most=0),
        "false_hints_of_another_key": Figure([alarms.of_another / alarms.looked_at], "fraction"),
    }


def _engine_figures(engines: dict[str, Any]) -> dict[str, Figure]:
    found: dict[str, Figure] = {}
    for name in ("onnx", "onnx_int8"):
        one, claim = engines[name], name == "onnx"
        found[f"{name}_pixels_within_a_level"] = Figure(
            [one["pixels_within_a_level"]], "fraction", at_least=0.999 if claim else None
        )
        found[f"{name}_verdicts_that_differ"] = Figure(
            [one["verdicts_that_differ"]], f"of {one['verdicts']}", at_most=0 if claim else None
        )
    return found


def _cost_figures(costs: dict[str, float], large: dict[str, dict[str, float]]) -> dict[str, Figure]:
    targets = {"encoder_gmac": 2.0, "encoder_ms": 40.0}
    found = {
        name: Figure([value], "GMAC" if name.endswith("gmac") else "ms of one core", at_most=targets.get(name))
        for name, value in costs.items()
    }
    found["times_faster_than_stegastamp_shape"] = Figure(
        [costs["stegastamp_shape_ms"] / costs["encoder_ms"]], "times", at_least=5
    )
    for size, one in large.items():
        limits = (1.0, 500.0) if int(size) == min(MEGAPIXELS) else (None, None)
        found[f"protect_{size}_megapixels_seconds"] = Figure([one["seconds"]], "s of one core", at_most=limits[0])
        found[f"protect_{size}_megapixels_memory"] = Figure([one["megabytes"]], "MB", at_most=limits[1])
    return found
