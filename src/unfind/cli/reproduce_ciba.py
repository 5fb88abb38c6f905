"""``unfind reproduce ciba``: the clean-label backdoor on deep hashing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from unfind.cli.options import AsJson, Data
from unfind.cli.output import print_json, print_table, progress_bar, say
from unfind.cli.redteam_ciba import Attacker
from unfind.errors import UsageError
from unfind.models.encoder import Architecture
from unfind.studies.ciba_artefacts import ARTEFACTS
from unfind.studies.ciba_grid import CibaExperiment, CibaGrid
from unfind.studies.ciba_ground import CibaRequest
from unfind.studies.hash_scene import ModelName
from unfind.studies.reproduce_ciba import look_ahead, reproduce_ciba
from unfind.studies.reproduction import Reproduction, printed

ALL = "all"


def ciba(
    artefact: Annotated[
        str,
        Parameter(
            help="variants, poisoned, lambda, patch, bits, transfer, official, codes, map or pictures; or all of them."
        ),
    ],
    /,
    *,
    data: Data,
    out: Annotated[Path, Parameter(help="Folder for results, models and trials; it can be gone on with.")],
    target: Annotated[
        str | None, Parameter(help="The class or tag that triggered queries are to find; default one drawn by seed.")
    ] = None,
    bits: Annotated[int, Parameter(help="Length of the codes, where it is not varied.")] = 48,
    objective: Annotated[str, Parameter(help="dpsh, hashnet or csq.")] = "dpsh",
    attacker: Attacker = Attacker(),
    seeds: Annotated[int, Parameter(help="How many, from --seed on; a claim takes three.")] = 1,
    photos: Annotated[int, Parameter(help="Training photos; more are drawn from the database if need be.")] = 10_000,
    queries: Annotated[int, Parameter(help="Photos to search with, at most.")] = 500,
    database: Annotated[int, Parameter(help="Photos searched in, at most.")] = 10_000,
    steps: Annotated[int | None, Parameter(help="Of each hash model's fit; default the usual ones.")] = None,
    pretrained: Annotated[bool, Parameter(help="Published weights for timm and torchvision backbones.")] = True,
    plan: Annotated[
        bool, Parameter(negative="", help="Say what would be fitted and how long it takes, and stop.")
    ] = False,
    architecture: Annotated[Architecture, Parameter(name="*")] = Architecture(),
    json: AsJson = False,
) -> None:
    """A table or figure of CIBA by what it varies or shows: JSON, CSV and a plot.

    What lies ahead, and how long it takes, is said first. t-MAP counts queries without a hit as 0; the published
    variant, which skips them, stands beside it. All that share a folder share their models and attacks, also with
    unfind bench redteam; a command that was stopped goes on when it is repeated.

    Example: unfind reproduce ciba poisoned --data cifar10:ROOT --out ciba --backbone small-resnet --size 32
    Example: unfind reproduce ciba pictures --data my/photos --out ciba --size 64 --poisoned 20
    """
    names = list(ARTEFACTS) if artefact == ALL else [artefact]
    if not set(names) <= set(ARTEFACTS):
        raise UsageError(f"Expected one of {', '.join(ARTEFACTS)} or all, got '{artefact}': choose one of these.")
    if seeds < 1:
        raise UsageError(f"Expected at least 1 seed, got {seeds}: three make a claim.")
    ground = CibaRequest(
        data, architecture, target, attacker.seed, photos, queries, database, steps, pretrained=pretrained
    )
    used = tuple(range(attacker.seed, attacker.seed + seeds))
    # The grid itself puts the confounds in, seed by seed.
    made = replace(attacker, official=False).attack()
    request = CibaExperiment(ground, used, made, ModelName(bits, objective), attacker.official)
    with progress_bar() as progress:
        grid = CibaGrid(request, out, progress=progress)
        lies_ahead = look_ahead(grid, names)
        say(f"unfind: {lies_ahead}")
        found = [] if plan else [reproduce_ciba(grid, name) for name in names]
    if json:
        print_json(
            vars(lies_ahead) if plan else [one.document for one in found] if artefact == ALL else found[0].document
        )
        return
    for name, one in zip(names, found, strict=False):
        _tell(name, one)


def _tell(name: str, found: Reproduction) -> None:
    artefact = ARTEFACTS[name]
    head, body = printed(found.document["rows"], artefact.keys, artefact.metrics)
    if body:
        print_table(f"{artefact.title} (per cent)", head, body)
    else:
        print(artefact.title)
    for file in found.files:
        print(file)
