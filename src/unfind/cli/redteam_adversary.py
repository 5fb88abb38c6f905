"""``unfind redteam adversary``: attack our own protection as somebody would who has read everything about it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from unfind.cli.options import AsJson, KeyFile, OwnBackbone, TrainClasses
from unfind.cli.output import print_json, print_table, progress_bar
from unfind.cli.pick_trigger import model_card, model_key
from unfind.images.files import write_atomic
from unfind.report.adversary_json import write_adversary
from unfind.report.adversary_page import adversary_page, tables
from unfind.report.page import render
from unfind.studies.adversary import attack
from unfind.studies.adversary_ground import AdversaryChoices, AdversaryRequest
from unfind.studies.train import clean_model_of


def adversary(
    run: Annotated[Path, Parameter(help="The protected model's folder.")],
    /,
    *,
    data: Annotated[
        str,
        Parameter(
            help="As for train: test photos are attacked, training photos are what the adversary has a share of."
        ),
    ],
    clean: Annotated[Path | None, Parameter(help="The clean model; default the one it was started from.")] = None,
    key: KeyFile = None,
    backbone: OwnBackbone = None,
    out: Annotated[
        Path | None, Parameter(help="Folder for adversary.json, adversary.html and parts; default RUN/adversary.")
    ] = None,
    resume: Annotated[bool, Parameter(negative="", help="Go on in a folder that was begun.")] = False,
    quick: Annotated[bool, Parameter(negative="", help="Fewer photos and steps: a first look.")] = False,
    train_classes: TrainClasses = None,
    choices: Annotated[AdversaryChoices, Parameter(name="*")] = AdversaryChoices(),
    json: AsJson = False,
) -> None:
    """Wash photos, estimate and invert the mark, un-learn the backdoor, list protected photos; say what each costs.

    The key is used to protect the photos that are attacked. The adversary never sees it.

    Example: unfind redteam adversary protected --data photos --quick
    Example: unfind redteam adversary protected --data birds --clean clean --held 1 --held 50 --shares 0.05
    """
    card = model_card(run)
    request = AdversaryRequest(
        run, clean or clean_model_of(run, card), data, backbone, train_classes, choices.quick() if quick else choices
    )
    folder = out or run / "adversary"
    with progress_bar() as progress:
        document = attack(request, folder, key=model_key(run, key), resume=resume, progress=progress)
    write_adversary(folder / "adversary.json", document)
    write_atomic(folder / "adversary.html", render(adversary_page(document)).encode())
    if json:
        print_json(document)
        return
    for table in tables(document):
        print_table(table.title, table.head, table.rows)
    print(folder / "adversary.html")
