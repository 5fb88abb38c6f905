"""``unfind reproduce rnm``: deep hashing and cloaks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from unfind.cli.options import AsJson, Data
from unfind.cli.output import print_json, print_table, progress_bar
from unfind.errors import UsageError
from unfind.models.encoder import Architecture
from unfind.studies.reproduce_rnm import reproduce_rnm
from unfind.studies.reproduction import Reproduction, printed
from unfind.studies.rnm_artefacts import ARTEFACTS
from unfind.studies.rnm_grid import BITS, HEAT_BACKBONES, RnmGrid, RnmRequest


def rnm(
    *,
    data: Data,
    out: Annotated[Path, Parameter(help="Folder for results, models and cloaked photos; it can be gone on with.")],
    table: Annotated[int | None, Parameter(help="1 targeted by bits, 2 by budget or 3 non-targeted.")] = None,
    figure: Annotated[
        int | None, Parameter(help="2 distance by iteration, 3 methods on a photo or 4 Grad-CAM (needs captum).")
    ] = None,
    preset: Annotated[
        str, Parameter(help="recommended: 100 steps by sign; or paper: 2,000 along the gradient.")
    ] = "recommended",
    bits: Annotated[tuple[int, ...], Parameter(help="Length of the codes; again for more.")] = BITS,
    objective: Annotated[
        str, Parameter(help="dpsh, as in the paper, or hashnet or csq, which learn many classes better.")
    ] = "dpsh",
    seeds: Annotated[int, Parameter(help="How many; a claim takes three.")] = 1,
    queries: Annotated[int, Parameter(help="Photos to cloak, at most.")] = 500,
    slow: Annotated[int, Parameter(help="Photos of figures 2 and 4, at most.")] = 48,
    database: Annotated[int, Parameter(help="Photos searched in, at most.")] = 20_000,
    iterations: Annotated[int | None, Parameter(help="Of every method; default the preset's.")] = None,
    steps: Annotated[int | None, Parameter(help="Of each hash model's fit; default the usual ones.")] = None,
    heat_backbone: Annotated[tuple[str, ...], Parameter(help="Of the models in figure 4.")] = HEAT_BACKBONES,
    pretrained: Annotated[bool, Parameter(help="Published weights for timm and torchvision backbones.")] = True,
    architecture: Annotated[Architecture, Parameter(name="*")] = Architecture(),
    json: AsJson = False,
) -> None:
    """A table or figure of the paper on the relaxation norm method (RNM): JSON, CSV and a plot.

    All tables and figures that share a folder share their models and cloaked photos, also with unfind bench cloaks; a
    command that was stopped goes on when it is repeated.

    Example: unfind reproduce rnm --table 1 --data cifar10:ROOT --out rnm --backbone small-resnet --size 32
    Example: unfind reproduce rnm --figure 2 --data my/photos --out rnm --size 64 --bits 48 --queries 50
    Example: unfind reproduce rnm --table 3 --data my/photos --out rnm --objective csq
    """
    name = _name(table, figure)
    if seeds < 1:
        raise UsageError(f"Expected at least 1 seed, got {seeds}: three make a claim.")
    request = RnmRequest(
        data, architecture, preset, bits, tuple(range(seeds)), queries, slow, database, iterations, steps, pretrained,
        heat_backbone, objective,
    )  # fmt: skip
    with progress_bar() as progress:
        found = reproduce_rnm(RnmGrid(request, out, progress=progress), name)
    if json:
        print_json(found.document)
        return
    _tell(name, found)


def _name(table: int | None, figure: int | None) -> str:
    """The artefact that --table or --figure names."""
    if (table is None) == (figure is None):
        came = "neither" if table is None else "both"
        raise UsageError(f"Expected one of --table and --figure, got {came}: name one of them.")
    name = f"table-{table}" if table is not None else f"figure-{figure}"
    if name not in ARTEFACTS:
        known = ", ".join(one.replace("-", " ") for one in ARTEFACTS)
        raise UsageError(f"Expected one of {known}, got {name.replace('-', ' ')}: choose one of these.")
    return name


def _tell(name: str, found: Reproduction) -> None:
    artefact = ARTEFACTS[name]
    head, body = printed(found.document["rows"], artefact.keys, artefact.metrics)
    if body:
        print_table(f"{artefact.title} (MAP in per cent)", head, body)
    else:
        print(artefact.title)
    for file in found.files:
        print(file)
