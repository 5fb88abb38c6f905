"""A table or figure of a paper that was measured again: its document, and the four files that hold it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unfind.images.files import write_atomic
from unfind.report.bench_json import MEASURED
from unfind.report.checks import Check, exactly, list_of, record, text
from unfind.report.csv_file import as_csv
from unfind.report.figure_style import FigureFormat
from unfind.report.json_file import write_json
from unfind.studies.bench_document import bench_document

Row = dict[str, Any]
Draw = Callable[[FigureFormat], bytes]


@dataclass(frozen=True)
class Reproduction:
    """A finished table or figure.

    Attributes:
        document: what the JSON holds.
        files: JSON, CSV, SVG and PNG.
    """

    document: dict[str, Any]
    files: list[Path]


def reproduction_check(paper: str, artefacts: Iterable[str], row: Check) -> Check:
    """What the JSON of a table or figure holds.

    Args:
        paper: its short name.
        artefacts: the names of its tables and figures.
        row: of every number.
    """
    return record(
        {
            **MEASURED,
            "paper": exactly(paper),
            "artefact": text(*artefacts),
            "title": text(),
            "settings": record({}),
            "rows": list_of(row),
        }
    )


def reproduction_document(
    paper: str, *, data: str, seeds: Sequence[int], seconds: float, facts: Mapping[str, Any]
) -> dict[str, Any]:
    """The document; the machine and its versions are told as benches tell them.

    Args:
        paper: its short name.
        data: as the user named them.
        seeds: that were measured.
        seconds: that it took.
        facts: artefact, title, settings and rows.
    """
    told = bench_document(paper, data, list(seeds), seconds, {})
    shared = {key: told[key] for key in MEASURED}
    return {**shared, "paper": paper, **facts}


def write_reproduction(folder: Path, document: dict[str, Any], draw: Draw, check: Check) -> Reproduction:
    """Write ``NAME.json``, ``NAME.csv``, ``NAME.svg`` and ``NAME.png``, where NAME is the artefact.

    Args:
        folder: is made where there is none.
        document: what ``check`` asks for.
        draw: makes the plot in a format.
        check: of the document.

    Raises:
        UsageError: a document that is not what was asked for.
        DataError: the disk refuses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{document['artefact']}.{kind}" for kind in ("json", "csv", "svg", "png")]
    write_json(files[0], document, check, kind="a reproduction")
    write_atomic(files[1], as_csv(document["rows"]).encode())
    write_atomic(files[2], draw("svg"))
    write_atomic(files[3], draw("png"))
    return Reproduction(document, files)


def printed(rows: Sequence[Row], keys: Sequence[str], metrics: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """Head and lines of the table for people: one line for each set of facts, means over seeds.

    Args:
        rows: of one number each.
        keys: facts that tell lines apart.
        metrics: columns; fractions are shown in per cent, PSNR in dB and distances in bits.
    """
    lines: dict[tuple[str, ...], dict[str, list[float]]] = {}
    for row in rows:
        if row["metric"] in metrics:
            line = lines.setdefault(tuple(str(row.get(key, "")) for key in keys), {})
            line.setdefault(row["metric"], []).append(row["value"])
    body = [[*facts, *(_shown(metric, values.get(metric)) for metric in metrics)] for facts, values in lines.items()]
    return [*keys, *metrics], body


def _shown(metric: str, values: Sequence[float] | None) -> str:
    if not values:
        return "-"
    mean = sum(values) / len(values)
    return f"{mean:.2f}" if metric in ("psnr", "distance", "similarity") else f"{100 * mean:.2f}"
