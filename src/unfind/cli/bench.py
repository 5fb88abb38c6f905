"""``unfind bench``: measure a claim again, on any photos."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from unfind.cli.options import AsJson, TrainClasses, parse_settings
from unfind.cli.output import print_json, print_table, progress_bar
from unfind.errors import UsageError
from unfind.models.encoder import Architecture
from unfind.report.bench_json import write_bench
from unfind.studies.bench_cloaks import bench_cloaks
from unfind.studies.bench_hashing import bench_hashing
from unfind.studies.bench_marks import bench_marks
from unfind.studies.bench_mip import bench_mip
from unfind.studies.bench_protection import bench_protection
from unfind.studies.bench_redteam import bench_redteam
from unfind.studies.bench_retrofit import bench_retrofit
from unfind.studies.bench_service import PARTS, bench_service

BENCHES: dict[str, Callable[..., dict[str, Any]]] = {
    "protection": bench_protection,
    "retrofit": bench_retrofit,
    "mip": bench_mip,
    "hashing": bench_hashing,
    "cloaks": bench_cloaks,
    "redteam": bench_redteam,
    "service": bench_service,
    "marks": bench_marks,
    **{f"service-{part}": partial(bench_service, part=part) for part in PARTS},
}

WITH_OPTIONS = ("hashing", "cloaks", "marks", "mip")
"""Benches that can be made smaller or larger piece by piece."""


def bench(
    name: Annotated[str, Parameter(help=f"One of {', '.join(BENCHES)}.")],
    /,
    *,
    data: Annotated[str, Parameter(help="As for train.")] = "photos",
    seeds: Annotated[int, Parameter(help="How many; a claim takes three.")] = 3,
    quick: Annotated[bool, Parameter(negative="", help="Within 10 minutes on 2 cores, one seed, no claim.")] = False,
    out: Annotated[Path | None, Parameter(help="File for the JSON document.")] = None,
    runs: Annotated[
        Path | None, Parameter(help="Folder for the runs, to look at or go on with; default a temporary one.")
    ] = None,
    reuse: Annotated[
        Path | None, Parameter(help="For mip: the --runs of an earlier bench; fits of the same settings are copied.")
    ] = None,
    train_classes: TrainClasses = None,
    option: Annotated[
        tuple[str, ...],
        Parameter(
            help="NAME=VALUE of hashing, cloaks, marks or mip, such as objectives=dpsh, slow=16, unmarked=2000 or "
            "then=40; again."
        ),
    ] = (),
    architecture: Annotated[Architecture, Parameter(name="*")] = Architecture(),
    json: AsJson = False,
) -> None:
    """Measure a claim and print each figure beside its target.

    Example: unfind bench protection --data photos --quick --out protection.json
    Example: unfind bench retrofit --data my/photos --backbone model.py:load --head none --out retrofit.json
    Example: unfind bench mip --data photos --quick --out mip.json
    Example: unfind bench mip --data my/photos --runs mip-runs --reuse protection-runs --out mip.json
    Example: unfind bench hashing --data cifar10:ROOT --backbone small-resnet --size 32
    Example: unfind bench service --data birds.zip,shop.zip --quick
    Example: unfind bench marks --data my/photos --out marks.json
    Example: unfind bench cloaks --data my/photos --size 64 --quick --runs cloak-runs
    Example: unfind bench redteam --data cifar10:ROOT --backbone small-resnet --size 32 --runs attacked
    """
    if name not in BENCHES:
        raise UsageError(f"Expected a bench out of {', '.join(BENCHES)}, got '{name}': choose one of these.")
    if seeds < 1:
        raise UsageError(f"Expected at least 1 seed, got {seeds}: three make a claim.")
    if reuse is not None and name != "mip":
        raise UsageError(f"Expected no --reuse for {name}, got one: only mip takes over runs.")
    if option and name not in WITH_OPTIONS:
        raise UsageError(f"Expected --option with {' or '.join(WITH_OPTIONS)}, got {name}: leave it out.")
    chosen: dict[str, Any] = {"options": parse_settings(option)} if option else {}
    if reuse is not None:
        chosen["reuse"] = reuse
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)  # now, rather than after hours
    with tempfile.TemporaryDirectory() as temporary, progress_bar() as progress:
        document = BENCHES[name](
            data,
            runs or Path(temporary),
            architecture=architecture,
            seeds=seeds,
            quick=quick,
            train_classes=train_classes,
            progress=progress,
            **chosen,
        )
    if json:
        print_json(document)
    else:
        _tell(name, document)
    if out is not None:
        write_bench(out, document)


def _tell(name: str, document: dict[str, Any]) -> None:
    rows = [
        [
            title,
            "-" if found["value"] is None else f"{found['value']:.4g}",
            _spread(found["spread"]),
            found["target"] or "",
            _holds(found["holds"]),
            found["unit"],
        ]
        for title, found in document["figures"].items()
    ]
    print_table(f"{name} on {document['data']}", ["figure", "mean", "lowest..highest", "target", "holds", "unit"], rows)
    seeds_used, seconds = len(document["seeds"]), document["seconds"]
    print(f"{seeds_used} seeds, {seconds:.0f} s, {document['threads']} threads, {document['machine']}")


def _spread(spread: list[float] | None) -> str:
    return f"{spread[0]:.4g}..{spread[1]:.4g}" if spread else ""


def _holds(holds: bool | None) -> str:
    return "" if holds is None else "yes" if holds else "NO"
