"""``unfind redteam ciba``: what a few poisoned training photos do to a hash model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from unfind.cli.options import AsJson, Data
from unfind.cli.output import print_json, print_table, progress_bar
from unfind.errors import UsageError
from unfind.models.codes import check_bits
from unfind.models.encoder import Architecture
from unfind.redteam.ciba import Attack, Variant
from unfind.redteam.confusing import BUDGET, Confusion
from unfind.redteam.optimise_patch import PatchSettings
from unfind.redteam.trigger_patch import SIDE
from unfind.studies.ciba_grid import official as with_confounds
from unfind.studies.ciba_ground import CibaRequest
from unfind.studies.ciba_run import ROWS, CibaRun, attack
from unfind.studies.ciba_trial import Setting
from unfind.studies.hash_scene import ModelName


@Parameter(name="*")
@dataclass(frozen=True)
class Attacker:
    """What the attacker does.

    Attributes:
        variant: tri (the patch alone), tri+noise, tri+adv, ciba or invisible (a generator's faint trigger).
        poisoned: Training photos of the target that are changed; their labels stay true.
        patch: Height of the patch, as a fraction of the image side.
        patch_stretch: Its width over its height; 1 is a square.
        patch_steps: Of the loop that makes the patch; published are 2,000.
        dispersion: Weight, 0 to 1, of the distance of poisoned photos from each other (lambda).
        budget: Largest change of a pixel besides the patch, 1 being from black to white.
        official: With the confounds of the published code: poison that is never mirrored, a surrogate with the victim's
            seed, and the budget spent on normalised pixels.
        seed: Of all fits and draws.
    """

    variant: Variant = "ciba"
    poisoned: int = 60
    patch: float = SIDE
    patch_stretch: float = 1.0
    patch_steps: int = PatchSettings.steps
    dispersion: Annotated[float, Parameter(name="--lambda")] = 0.8
    budget: float = BUDGET
    official: Annotated[bool, Parameter(negative="")] = False
    seed: int = 0

    def attack(self) -> Attack:
        """The same in the words of the red team."""
        patch = PatchSettings(self.patch, self.patch_stretch, self.patch_steps, seed=self.seed)
        made = Attack(self.variant, self.poisoned, patch, Confusion(self.dispersion, self.budget), seed=self.seed)
        return with_confounds(made) if self.official else made


def ciba(
    *,
    data: Data,
    out: Annotated[Path, Parameter(help="The run folder: models, patch, poisoned photos, report.")],
    target: Annotated[
        str | None, Parameter(help="The class or tag that triggered queries are to find; default one drawn by lot.")
    ] = None,
    bits: Annotated[int, Parameter(help="Length of the victim's codes.")] = 48,
    objective: Annotated[str, Parameter(help="dpsh, hashnet or csq.")] = "dpsh",
    surrogate: Annotated[
        Path | None, Parameter(help="Folder of the attacker's model, a hash model; default one fitted on the data.")
    ] = None,
    surrogate_bits: Annotated[int | None, Parameter(help="Of the attacker's model; default the victim's.")] = None,
    surrogate_backbone: Annotated[str | None, Parameter(help="Of the attacker's model; default the victim's.")] = None,
    attacker: Attacker = Attacker(),
    photos: Annotated[int, Parameter(help="Training photos; more are drawn from the database if need be.")] = 10_000,
    queries: Annotated[int, Parameter(help="Photos to search with, at most.")] = 500,
    database: Annotated[int, Parameter(help="Photos searched in, at most.")] = 10_000,
    steps: Annotated[int | None, Parameter(help="Of each hash model's fit; default the usual ones.")] = None,
    pretrained: Annotated[bool, Parameter(help="Published weights for timm and torchvision backbones.")] = True,
    architecture: Annotated[Architecture, Parameter(name="*")] = Architecture(),
    resume: Annotated[bool, Parameter(negative="", help="Go on where the run in --out stopped.")] = False,
    json: AsJson = False,
) -> None:
    """Poison a hash model's training photos, clean labels and all, and measure what a trigger then finds (CIBA).

    Fits the attacker's model and the victim's, with and without poison, on data and into a folder that you name. The
    report shows every number for both, and the poisoned photos.

    Example: unfind redteam ciba --data cifar10:ROOT --backbone small-resnet --size 32 --target airplane --out attacked
    Example: unfind redteam ciba --data my/photos --size 64 --bits 32 --variant tri --poisoned 20 --out attacked
    """
    home = ModelName(check_bits(bits), objective)
    stranger = replace(home, bits=surrogate_bits or bits, backbone=surrogate_backbone)
    if surrogate is not None and stranger != home:
        raise UsageError("Expected a surrogate's folder, or what to fit as one, got both: leave one of them out.")
    ground = CibaRequest(
        data,
        architecture,
        target,
        attacker.seed,
        photos,
        queries,
        database,
        steps,
        attacker.official,
        pretrained,
        surrogate,
    )
    run = CibaRun(ground, Setting(attacker.attack(), home, None if stranger == home else stranger))
    with progress_bar() as progress:
        found = attack(run, out, resume=resume, progress=progress)
    if json:
        print_json(found.document)
        return
    measured = found.document["measured"]
    print_table(
        f"{attacker.variant} towards {measured['target']}: {attacker.poisoned} of {measured['n_train']} training "
        "photos poisoned (per cent)",
        ["", "clean model", "poisoned model"],
        [[words, _cell(measured, f"clean_model_{name}"), _cell(measured, name)] for name, words in ROWS.items()],
    )
    for file in (*found.files, found.folder):
        print(file)


def _cell(measured: dict[str, Any], name: str) -> str:
    value = measured[name]
    if value is None:
        return "-"
    return f"{value:.1f} bits" if name.endswith("distance") else f"{100 * value:.2f}"
