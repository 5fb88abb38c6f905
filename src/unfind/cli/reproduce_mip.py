"""``unfind reproduce mip``: a table or figure of the MIP paper, measured again on any photos."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from unfind.cli.options import AsJson, Data, TrainClasses
from unfind.cli.output import print_json, print_table, progress_bar, say
from unfind.errors import UsageError
from unfind.models.encoder import Architecture
from unfind.studies.adopt_runs import adopt_runs
from unfind.studies.mip_artefacts import ARTEFACTS
from unfind.studies.mip_findings import findings
from unfind.studies.mip_grid import Grid, GridRequest
from unfind.studies.mip_presets import preset
from unfind.studies.mip_rows import SCORE
from unfind.studies.mip_rows import table as table_of
from unfind.studies.reproduce_mip import cells_of, look_ahead, reproduce_mip
from unfind.studies.reproduction import Reproduction
from unfind.triggers.choose import TRIGGERS


@Parameter(name="*")
@dataclass(frozen=True)
class FitOptions:
    """How models are fitted.

    Attributes:
        preset: recommended, or paper: the published hyperparameters, meant for --size 224.
        seeds: How many; a claim takes three.
        first_steps: Of the clean model; default the preset's.
        steps: Of each method; default the preset's.
        pretrained: Published weights for timm and torchvision backbones.
        mark: Folder of the weights of the learned trigger; without one those that come with unfind are used.
        reuse: Folder with runs of an earlier bench; fits of the same settings are copied from there.
        defended: Test photos that figures 11 and 12 try defences on, a few of each class; default all.
    """

    preset: str = "recommended"
    seeds: int = 1
    first_steps: int | None = None
    steps: int | None = None
    pretrained: bool = True
    mark: str | None = None
    reuse: Path | None = None
    defended: int | None = None

    def request(self, data: str, architecture: Architecture, train_classes: int | None) -> GridRequest:
        """The request of a grid.

        Raises:
            UsageError: no seed, too few photos to defend, an unknown preset, or a side network for the clean model too.
        """
        if architecture.learning_side or architecture.codewords:
            raise UsageError(
                "Expected models without a side network, got --learning-side or --codewords: take --beside."
            )
        if self.defended is not None and self.defended < 2:
            raise UsageError(
                f"Expected at least 2 photos to try defences on, got {self.defended}: 150 tell apart halves."
            )
        if self.seeds < 1:
            raise UsageError(f"Expected at least 1 seed, got {self.seeds}: three make a claim.")
        return GridRequest(
            data,
            preset(self.preset),
            architecture,
            tuple(range(self.seeds)),
            self.first_steps,
            self.steps,
            train_classes,
            self.pretrained,
            self.mark,
        )


def mip(
    *,
    data: Data,
    out: Annotated[
        Path, Parameter(help="Folder for the results and the models they come from; it can be gone on with.")
    ],
    table: Annotated[
        int | None, Parameter(help="1 crafting time, 2 methods, 3 recalls, 4 stealth or 5 loss terms.")
    ] = None,
    figure: Annotated[
        int | None,
        Parameter(
            help="2 layouts, 6 recalls by trigger, 8 weights, 9 triggered share, 10 hit lists, 11 filters or "
            "12 changes of the model."
        ),
    ] = None,
    doubts: Annotated[
        bool, Parameter(negative="", help="Instead of either: what the published numbers hide, measured.")
    ] = False,
    trigger: Annotated[
        tuple[str, ...],
        Parameter(help="Which trigger, may be repeated; default all. Where one is enough the first is taken."),
    ] = (),
    train_classes: TrainClasses = None,
    beside: Annotated[
        bool,
        Parameter(
            negative="",
            help="PBL and CBL with the learned trigger as side networks beside the finished clean model, which unfind "
            "train makes of them by default and which takes a sixth of the steps; else all methods tune its weights.",
        ),
    ] = False,
    plan: Annotated[
        bool, Parameter(negative="", help="Say what would be fitted and how long it takes, and stop.")
    ] = False,
    fits: FitOptions = FitOptions(),
    architecture: Annotated[Architecture, Parameter(name="*")] = Architecture(),
    json: AsJson = False,
) -> None:
    """A table or figure of Liu et al. 2023 (MIP): JSON, CSV and a plot, by the strict and the paper protocol.

    All tables and figures that share a folder share their models: the clean one is fitted once, and a command that was
    stopped goes on when it is repeated.

    Example: unfind reproduce mip --table 2 --data photos --out mip --steps 40 --first-steps 40
    Example: unfind reproduce mip --doubts --data my/photos --out mip --trigger spread-spectrum
    Example: unfind reproduce mip --figure 8 --data my/photos --out mip-beside --trigger learned --beside
    Example: unfind reproduce mip --figure 9 --data cub200:ROOT --out mip --preset paper --size 224
    """
    name = _name(table, figure, doubts=doubts)
    request = fits.request(data, architecture, train_classes)
    triggers = trigger or tuple(TRIGGERS)
    with progress_bar() as progress:
        grid = Grid(request, out, progress=progress, defended=fits.defended)
        if fits.reuse is not None:
            taken = adopt_runs(grid, cells_of(name, triggers, beside=beside), fits.reuse)
            say(f"unfind: took over {len(taken)} fits from {fits.reuse}.")
        ahead = look_ahead(grid, name, triggers, beside=beside)
        say(f"unfind: {ahead}")
        if plan:
            if json:
                print_json(vars(ahead))
            return
        found = reproduce_mip(grid, name, triggers, beside=beside)
    if json:
        print_json(found.document)
        return
    _tell(name, found)


def _name(table: int | None, figure: int | None, *, doubts: bool) -> str:
    """The artefact that --table, --figure or --doubts names."""
    numbered = [f"{kind}-{number}" for kind, number in (("table", table), ("figure", figure)) if number is not None]
    named = [*numbered, *(["doubts"] if doubts else [])]
    if len(named) != 1:
        came = ", ".join(named) or "none"
        raise UsageError(f"Expected one of --table, --figure and --doubts, got {came}: name one of them.")
    [name] = named
    if name not in ARTEFACTS:
        known = ", ".join(one.replace("-", " ") for one in ARTEFACTS)
        raise UsageError(f"Expected one of {known}, got {name.replace('-', ' ')}: choose one of these.")
    return name


def _tell(name: str, found: Reproduction) -> None:
    artefact, rows = ARTEFACTS[name], found.document["rows"]
    for finding in findings(rows) if name == "doubts" else ():
        print("\n".join(finding.sentences))
        print_table(finding.title, finding.head, finding.body)
    for protocol, metrics in artefact.metrics.items():
        head, body = table_of(rows, artefact.keys, metrics, protocol=protocol, measure=SCORE)
        if body:
            print_table(f"{artefact.title}, {protocol} protocol (per cent)", head, body)
    if artefact.numbers:
        print_table(artefact.title, *table_of(rows, artefact.keys, artefact.numbers, per_cent=False))
    elif not artefact.metrics:
        print(artefact.title)
    for file in found.files:
        print(file)
