"""``unfind evaluate``: a protected model beside its clean one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from unfind.cli.options import AsJson, KeyFile, OwnBackbone, TrainClasses
from unfind.cli.output import print_json, print_table, progress_bar, say, warn_refused
from unfind.cli.pick_trigger import model_card, model_key
from unfind.cli.tasks_table import paper_rows, published_rows, task_rows
from unfind.datasets.spec import load
from unfind.errors import UsageError
from unfind.images.files import write_atomic
from unfind.report.from_report import page_from_report
from unfind.report.page import render
from unfind.report.report_json import write_report
from unfind.studies.evaluate import Choices
from unfind.studies.evaluate import evaluate as run_evaluation
from unfind.studies.load_models import load_models
from unfind.studies.paper_protocol import paper_section
from unfind.studies.train import clean_model_of

PROTOCOLS = ("strict", "paper")


def evaluate(
    run: Annotated[Path, Parameter(help="The protected model's folder.")],
    /,
    *,
    data: Annotated[str | None, Parameter(help="As for train; default the data the model was trained on.")] = None,
    clean: Annotated[Path | None, Parameter(help="The clean model; default the one it was started from.")] = None,
    key: KeyFile = None,
    backbone: OwnBackbone = None,
    out: Annotated[Path | None, Parameter(help="Folder for report.json and report.html; default the run's.")] = None,
    protocol: Annotated[
        str,
        Parameter(
            help="strict, or paper: beside it, never in its place, also what the MIP paper's code would print, and its "
            "published figures for the data set."
        ),
    ] = "strict",
    train_classes: TrainClasses = None,
    choices: Annotated[Choices, Parameter(name="*")] = Choices(),
    json: AsJson = False,
) -> None:
    """Measure the four tasks, mixed galleries, survival of edits, false triggers and stealth.

    Example: unfind evaluate protected --data photos
    Example: unfind evaluate protected --data cub200:ROOT --protocol paper
    """
    if protocol not in PROTOCOLS:
        raise UsageError(f"Expected a protocol out of {', '.join(PROTOCOLS)}, got '{protocol}': choose one.")
    card = model_card(run)
    trained_on = card.get("data", {})
    spec = data or trained_on.get("spec", "photos")
    classes = train_classes if train_classes is not None or data is not None else trained_on.get("train_classes")
    models = load_models(clean or clean_model_of(run, card), run, model_key(run, key), backbone=backbone)
    split = load(spec, train_classes=classes, seed=int(card.get("seed", 0)))
    folder = out or run
    folder.mkdir(parents=True, exist_ok=True)
    with progress_bar() as progress:
        found = run_evaluation(models, split.test, gallery=split.gallery, choices=choices, progress=progress)
    report = {"run": run.resolve().name, **found.report}
    if protocol == "paper":
        report["paper"] = paper_section(found, choices=choices)
    write_report(folder / "report.json", report)
    write_atomic(folder / "report.html", render(page_from_report(report)).encode())
    warn_refused(report["refused"])
    for note in split.notes:
        say(f"unfind: {note}")
    if json:
        print_json(report)
        return
    print_table(f"{report['dataset']}: search by task, strict protocol (per cent)", *task_rows(report))
    if protocol == "paper":
        print_table(f"{report['dataset']}: search by task, paper protocol (per cent)", *paper_rows(report["paper"]))
        if report["paper"]["published"]:
            source = report["paper"]["published"]["source"]
            print_table(f"{report['dataset']}: published by {source} (per cent)", *published_rows(report["paper"]))
    for doubt in report["doubts"]:
        say(f"doubt: {doubt['why']}")
    print(folder / "report.html")
