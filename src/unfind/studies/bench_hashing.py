"""The claim of the hash models: codes that search as papers say, measured with ties settled by rule.

For each seed and objective one hash model is fitted; its codes search the database of the data set.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from unfind.datasets.spec import load
from unfind.datasets.split import Split
from unfind.errors import UsageError
from unfind.models.encoder import Architecture
from unfind.studies.bench_document import Figure, bench_document
from unfind.studies.hash_search import hash_search
from unfind.studies.progress import Progress, silent
from unfind.studies.train import TrainRequest, train
from unfind.training.checkpoint_file import FILE as CHECKPOINT
from unfind.training.settings import FitSettings

OBJECTIVES = ("dpsh", "hashnet", "csq")
QUICK_OBJECTIVES = OBJECTIVES[:1]
BITS = 48
QUERIES = 500
"""As the RNM paper has them; drawn from the queries of the data set by each seed."""
FIT = FitSettings(
    steps=400,
    classes_per_batch=10,
    photos_per_class=12,
    learning_rate=3e-4,
    head_factor=5.0,
    settle=0.0,
    jpeg=False,
    flip=True,
    validate_every=100,
)
"""Chosen on validation photos, never on queries."""
QUICK_STEPS = 200
TARGET = 0.75


def bench_hashing(
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
    """Fit and search; returns the bench document.

    Args:
        data: a data set with a database, such as ``cifar10:ROOT``.
        folder: where the runs go; one that was stopped goes on.
        architecture: of the encoder; without a hash head it gets one of 48 bits.
        seeds: how many.
        quick: one seed, one objective, half the steps; no claim.
        train_classes: must be None, as data sets for hashing have the same classes everywhere.
        options: "objectives", one name or a list of them, instead of all.
        progress: told where it stands.

    Raises:
        UnfindError: whatever stands in the way.
    """
    started = time.perf_counter()
    if train_classes is not None:
        raise UsageError(f"Expected no --train-classes for hashing, got {train_classes}: all classes are trained on.")
    architecture = architecture if architecture.hashes else replace(architecture, head="hash", dimension=BITS)
    fit = replace(FIT, steps=QUICK_STEPS) if quick else FIT
    split, used = load(data), list(range(1 if quick else seeds))
    names = _objectives(options or {}, QUICK_OBJECTIVES if quick else OBJECTIVES)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for seed in used:
        for name in names:
            request = TrainRequest(data, name, architecture=architecture, fit=replace(fit, seed=seed))
            found[name].append(_one(request, split, folder / f"{name}-{architecture.dimension}-{seed}", progress))
    figures = {key: figure for name in names for key, figure in _figures(name, found[name]).items()}
    seconds = time.perf_counter() - started
    return bench_document("hashing", data, used, seconds, figures, settings=fit.as_dict(), searches=found)


def _objectives(options: Mapping[str, Any], usual: Sequence[str]) -> tuple[str, ...]:
    """The objectives that are asked for.

    Raises:
        UsageError: another option, or an objective that makes no codes.
    """
    if set(options) - {"objectives"}:
        raise UsageError(f"Expected the option objectives for hashing, got {', '.join(options)}: leave the rest out.")
    asked = options.get("objectives", usual)
    names = (asked,) if isinstance(asked, str) else tuple(asked)
    if not names or set(names) - set(OBJECTIVES):
        raise UsageError(f"Expected objectives out of {', '.join(OBJECTIVES)}, got {asked}: choose among these.")
    return names


def _one(request: TrainRequest, split: Split, out: Path, progress: Progress) -> dict[str, Any]:
    """Fit one model, or go on with it, and search with it."""
    trained = train(request, out, resume=(out / CHECKPOINT).exists(), progress=progress)
    queries = min(QUERIES, len(split.test))
    seed = request.fit.seed
    return hash_search(trained.result.encoder, split, cutoff=1000, queries=queries, seed=seed, progress=progress)


def _figures(name: str, found: list[dict[str, Any]]) -> dict[str, Figure]:
    """MAP over the whole ranking: expected over ties, which the target is about, and with ties against the query."""
    values = {key: [one[key]["value"] for one in found] for key in ("map_expected", "map", "map_favour")}
    target = TARGET if name == "dpsh" else None
    return {
        f"{name}_map": Figure(values["map_expected"], "fraction", at_least=target),
        f"{name}_map_ties_against": Figure(values["map"], "fraction"),
        f"{name}_map_ties_in_favour": Figure(values["map_favour"], "fraction"),
        f"{name}_map_chance": Figure([one["chance"] for one in found], "fraction"),
    }
