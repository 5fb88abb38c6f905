"""``unfind redteam audit``: is there a backdoor in a model, and how sure is that?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from unfind.cli.options import AsJson, KeyFile, OwnBackbone, TrainClasses
from unfind.cli.output import percent, print_json, print_table, progress_bar, say, warn_refused
from unfind.cli.pick_trigger import model_card, model_key
from unfind.images.files import write_atomic
from unfind.report.audit_json import write_audit
from unfind.report.audit_page import audit_page
from unfind.report.page import render
from unfind.studies.audit import audit as run_audit
from unfind.studies.audit_models import AuditChoices, AuditRequest


def audit(
    run: Annotated[Path, Parameter(help="Folder of the model in question.")],
    /,
    *,
    data: Annotated[str, Parameter(help="Clean photos, as for train; the test part is used.")],
    beside: Annotated[
        list[Path] | None, Parameter(help="A surely clean model, fitted as alike as can be; several are better.")
    ] = None,
    train_data: Annotated[
        str | None, Parameter(help="What the model was trained on, as for train, to look for poison in it.")
    ] = None,
    suspects: Annotated[Path | None, Parameter(help="Folder or zip of photos that may carry a trigger.")] = None,
    key: KeyFile = None,
    backbone: OwnBackbone = None,
    out: Annotated[
        Path | None, Parameter(help="Folder for audit.json, audit.html and parts; default RUN/audit.")
    ] = None,
    resume: Annotated[bool, Parameter(negative="", help="Go on in a folder that was begun.")] = False,
    quick: Annotated[bool, Parameter(negative="", help="Fewer photos and steps, no curves: a first look.")] = False,
    train_classes: TrainClasses = None,
    choices: Annotated[AuditChoices, Parameter(name="*")] = AuditChoices(),
    json: AsJson = False,
) -> None:
    """Look for a backdoor: search for triggers, try detectors, look at training data, draw curves of defences.

    A search for a trigger finds something in every model. Only clean models beside it tell how much is ordinary.

    Example: unfind redteam audit protected --data photos --beside clean
    Example: unfind redteam audit vendor --data birds --beside mine --beside other --suspects uploads --quick
    """
    request = AuditRequest(
        run,
        data,
        tuple(beside or ()),
        train_data,
        suspects,
        backbone,
        train_classes,
        choices.quick() if quick else choices,
    )
    own = model_key(run, key) if model_card(run).get("trigger") else None
    folder = out or run / "audit"
    with progress_bar() as progress:
        found = run_audit(request, folder, key=own, resume=resume, progress=progress)
    document = found.document
    write_audit(folder / "audit.json", document)
    write_atomic(folder / "audit.html", render(audit_page(document, found.pictures)).encode())
    warn_refused(document["refused"])
    if json:
        print_json(document)
        return
    _tell(document)
    for doubt in document["doubts"]:
        say(f"doubt: {doubt['why']}")
    print(folder / "audit.html")


def _tell(document: dict[str, Any]) -> None:
    rows = [
        [one["about"], f"{one['value']:.2f}", ", ".join(f"{value:.2f}" for value in one["clean"]) or "-",
         "-" if one["index"] is None else f"{one['index']:.1f}", "YES" if one["alarm"] else "no"]
        for one in document["findings"]
    ]  # fmt: skip
    print_table(
        f"{document['run']}: {document['verdict']}", ["finding", "value", "clean models", "index", "alarm"], rows
    )
    tests = [
        [row["group"], row["detector"], row["model"], percent(row["auc"]), percent(row["caught"]),
         percent(row["false_alarms"])]
        for row in document["photo_tests"]
    ]  # fmt: skip
    print_table(
        "detectors of photos (per cent)", ["photos", "detector", "model", "area", "caught", "false alarms"], tests
    )
