"""``unfind reproduce ciba``: the clean-label backdoor on deep hashing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from unfind.cli.options import AsJson, Data
from unfind.cli.output import print_json, print_table, progress_bar
from unfind.cli.redteam_ciba import Attacker
from unfind.errors import UsageError
from unfind.models.encoder import Architecture
from unfind.studies.ciba_artefacts import ARTEFACTS
from unfind.studies.ciba_grid import CibaExperiment, CibaGrid
from unfind.studies.ciba_ground import CibaRequest
from unfind.studies.hash_scene import ModelName
from unfind.studies.reproduce_ciba import reproduce_ciba
from unfind.studies.reproduction import printed


def ciba(
    artefact: Annotated[
        str, Parameter(help="variants, bits, poisoned, patch, lambda, transfer, codes, map or pictures.")
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
    architecture: Annotated[Architecture, Parameter(name="*")] = Architecture(),
    json: AsJson = False,
) -> None:
    """A table or figure of CIBA by what it varies or shows: JSON, CSV and a plot.

    t-MAP counts queries without a hit as 0; the published variant, which skips them, stands beside it. All that share a
    folder share their models and attacks, also with unfind bench redteam; a command that was stopped goes on when it is
    repeated.

    Example: unfind reproduce ciba poisoned --data cifar10:ROOT --out ciba --backbone small-resnet --size 32
    Example: unfind reproduce ciba pictures --data my/photos --out ciba --size 64 --poisoned 20
    """
    if artefact not in ARTEFACTS:
        raise UsageError(f"Expected one of {', '.join(ARTEFACTS)}, got '{artefact}': choose one of these.")
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
        found = reproduce_ciba(CibaGrid(request, out, progress=progress), artefact)
    if json:
        print_json(found.document)
        return
    head, body = printed(found.document["rows"], ARTEFACTS[artefact].keys, ARTEFACTS[artefact].metrics)
    if body:
        print_table(f"{ARTEFACTS[artefact].title} (per cent)", head, body)
    else:
        print(ARTEFACTS[artefact].title)
    for file in found.files:
        print(file)
