"""Write the tables of docs/reproductions.md from measurements: python docs/generate_reproductions.py

It reads what ``unfind reproduce`` wrote and that was put into benchmarks/reproductions/NAME/, one folder for each set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from unfind.redteam.ciba import Attack
from unfind.redteam.confusing import Confusion
from unfind.redteam.optimise_patch import PatchSettings
from unfind.report.bench_json import CLAIM_SEEDS
from unfind.report.generated_part import with_generated
from unfind.report.json_file import read_json
from unfind.report.markdown_table import markdown_table, number_columns
from unfind.studies import ciba_artefacts, mip_artefacts, reproduce_ciba, reproduce_mip, reproduce_rnm, rnm_artefacts
from unfind.studies.ciba_ground import CibaRequest
from unfind.studies.mip_rows import PUBLISHED, SCORE
from unfind.studies.mip_rows import table as table_of
from unfind.studies.reproduction import printed

PAGE = Path(__file__).with_name("reproductions.md")
DOCUMENTS = Path(__file__).resolve().parents[1] / "benchmarks" / "reproductions"
CHECKS = {"mip": reproduce_mip.DOCUMENT, "rnm": reproduce_rnm.DOCUMENT, "ciba": reproduce_ciba.DOCUMENT}
NAMED = ("objective", "queries", "database", "slow", "train_classes", "first_steps", "steps", "mark", "defended")
"""Settings that are said in a command as they are."""

USUAL = {
    "objective": "dpsh",
    "bits": 48,
    "poisoned": Attack.poisoned,
    "patch-stretch": "1",
    "patch-steps": PatchSettings.steps,
    "lambda": Confusion.dispersion,
    "photos": CibaRequest.photos,
    "queries": CibaRequest.queries,
    "database": CibaRequest.database,
    "seed": 0,
}
"""Settings of an attack that need not be said."""
IMAGES = PAGE.with_name("images")

Lines = tuple[Sequence[str], Sequence[Sequence[str]]]


def page(text: str, folder: Path) -> str:
    """The page with its tables made anew.

    Args:
        text: the page as it is; all outside the two markers is kept.
        folder: of the folders, each named PAPER-DATA.

    Raises:
        ValueError: the page lacks a marker.
        DataError: a file is no such document.
        KeyError: a folder of another paper.
    """
    sets = sorted(path for path in folder.glob("*") if path.is_dir())
    return with_generated(text, "".join(section(one) for one in sets))


def section(folder: Path) -> str:
    """The tables of one set."""
    check = CHECKS[folder.name.partition("-")[0]]
    found = [read_json(path, check, kind="a reproduction") for path in sorted(folder.glob("*.json"))]
    parts = [f"## {folder.name}", _origin(found)]
    for document in found:
        number = document["artefact"].replace("-", " ").capitalize()
        parts += [f"### {number}: {document['title']}", *(_titled(*one) for one in tables(document))]
        shown = f"{document['title']}: what the table above tells, drawn"
        parts += [f"![{shown}](images/{path.name})" for path in plots(folder.name, document["artefact"])]
        parts.append(f"`{command(document)}`")
    return "\n\n".join(parts) + "\n\n"


def plots(name: str, artefact: str) -> list[Path]:
    """The plot of a document, where one has been put among the images: a drawing, or pixels where it is a picture."""
    return [path for kind in ("svg", "png") if (path := IMAGES / f"{name}-{artefact}.{kind}").exists()]


def tables(document: Mapping[str, Any]) -> list[tuple[str, Lines]]:
    """What is shown of a document: titles, and head and lines of each table."""
    rows, name = document["rows"], document["artefact"]
    if document["paper"] != "mip":
        known = {"rnm": rnm_artefacts.ARTEFACTS, "ciba": ciba_artefacts.ARTEFACTS}[document["paper"]][name]
        return _filled([("", printed(rows, known.keys, known.metrics))])
    mip = mip_artefacts.ARTEFACTS[name]
    made = [
        (f"By the {protocol} protocol:", table_of(rows, mip.keys, metrics, protocol=protocol, measure=SCORE))
        for protocol, metrics in mip.metrics.items()
    ]
    if mip.numbers:
        made.append(("", table_of(rows, mip.keys, mip.numbers, per_cent=False)))
    return _filled(made)


def command(document: Mapping[str, Any]) -> str:
    """The words that measure a document again."""
    if document["paper"] == "ciba":
        return attack_command(document)
    kind, _, number = document["artefact"].partition("-")
    settings = document["settings"]
    architecture = settings.get("architecture", {})
    words = ["unfind reproduce", document["paper"], f"--{kind} {number}", f"--data {document['data']}"]
    words += [f"--{name} {architecture[name]}" for name in ("backbone", "size") if name in architecture]
    if architecture.get("freeze_batch_norm") is False:
        words.append("--no-freeze-batch-norm")
    words += [f"--bits {bits}" for bits in settings.get("bits", [])]
    if document["paper"] == "mip":
        tried = {row.get("trigger") for row in document["rows"] if row.get("protocol") != PUBLISHED}
        words += [f"--trigger {name}" for name in sorted(tried - {None, ""})]
        words += ["--beside"] * any(row.get("beside", False) for row in document["rows"])
    words += [f"--{name.replace('_', '-')} {settings[name]}" for name in NAMED if settings.get(name) is not None]
    return " ".join([*words, f"--seeds {len(document['seeds'])}", f"--out {document['paper']}"])


def attack_command(document: Mapping[str, Any]) -> str:
    """The words that measure a table or figure of the clean-label backdoor again: all that is not usual."""
    settings = document["settings"]
    ground, attack = settings["ground"], settings["attack"]
    objective, bits, *_ = settings["victim"].split("-")
    patch, confusion, architecture = attack["patch"], attack["confusion"], ground["architecture"]
    said = {
        "backbone": architecture["backbone"],
        "size": architecture["size"],
        "objective": objective,
        "target": ground["target"],
        "bits": bits,
        "poisoned": attack["poisoned"],
        "patch": f"{patch['side']:.6g}",
        "patch-stretch": f"{patch['stretch']:.4g}",
        "patch-steps": patch["steps"],
        "lambda": confusion["dispersion"],
        "photos": ground["photos"],
        "queries": ground["queries"],
        "database": ground["database"],
        "steps": ground["steps"],
        "seed": document["seeds"][0],
    }
    words = ["unfind reproduce ciba", document["artefact"], f"--data {document['data']}"]
    words += [f"--{name} {value}" for name, value in said.items() if str(value) not in (str(USUAL.get(name)), "None")]
    words += ["--no-freeze-batch-norm"] * (not architecture["freeze_batch_norm"]) + ["--official"] * settings[
        "official"
    ]
    return " ".join([*words, f"--seeds {len(document['seeds'])}", "--out ciba"])


def _filled(made: Sequence[tuple[str, Lines]]) -> list[tuple[str, Lines]]:
    """Those with lines, without the columns that hold nothing."""
    return [(title, _without_empty(*lines)) for title, lines in made if lines[1]]


def _without_empty(head: Sequence[str], body: Sequence[Sequence[str]]) -> Lines:
    kept = [place for place in range(len(head)) if any(line[place] not in ("-", "") for line in body)]
    return [head[place] for place in kept], [[line[place] for place in kept] for line in body]


def _origin(found: Sequence[Mapping[str, Any]]) -> str:
    first = found[0]
    seeds = first["seeds"]
    named = f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {', '.join(map(str, seeds))}"
    minutes = sum(document["seconds"] for document in found) / 60
    told = f"`{first['data']}`, {named}; {first['machine']}, {first['threads']} threads, {minutes:.0f} minutes in all."
    return told if len(seeds) >= CLAIM_SEEDS else f"{told} Fewer than {CLAIM_SEEDS} seeds: this is no claim."


def _titled(title: str, lines: Lines) -> str:
    shown = markdown_table(*lines, numbers=number_columns(lines[1]))
    return f"{title}\n\n{shown}" if title else shown


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(), DOCUMENTS))
