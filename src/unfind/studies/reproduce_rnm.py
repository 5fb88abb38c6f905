"""One table or figure of the RNM paper, measured again: JSON, CSV and a plot."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unfind.errors import UsageError
from unfind.images.files import write_atomic
from unfind.report.checks import exactly, list_of, names_to, nullable, number, record, text, whole_number
from unfind.report.csv_file import as_csv
from unfind.report.json_file import write_json
from unfind.studies.bench_document import bench_document
from unfind.studies.rnm_artefacts import ARTEFACTS, Row
from unfind.studies.rnm_grid import RnmGrid

DOCUMENT = record(
    {
        "schema": exactly(1),
        "paper": exactly("rnm"),
        "artefact": text(*ARTEFACTS),
        "title": text(),
        "data": text(),
        "seeds": list_of(whole_number(0)),
        "machine": text(),
        "threads": whole_number(1),
        "versions": names_to(text()),
        "seconds": number(low=0.0),
        "settings": record({}),
        "rows": list_of(record({"seed": nullable(whole_number(0)), "method": text(), "value": number()})),
    }
)
"""What the JSON of a table or figure holds."""


@dataclass(frozen=True)
class Reproduction:
    """A finished table or figure.

    Attributes:
        document: what the JSON holds.
        files: JSON, CSV, SVG and PNG.
    """

    document: dict[str, Any]
    files: list[Path]


def reproduce_rnm(grid: RnmGrid, name: str) -> Reproduction:
    """Fit and cloak what is missing, measure, and write ``NAME.json``, ``NAME.csv``, ``NAME.svg`` and ``NAME.png``.

    Args:
        grid: whose folder the files go into.
        name: such as "table-1" or "figure-2".

    Raises:
        UnfindError: whatever stands in the way.
    """
    if name not in ARTEFACTS:
        raise UsageError(f"Expected one of {', '.join(ARTEFACTS)}, got '{name}': the others cannot be measured.")
    started = time.perf_counter()
    rows, draw = ARTEFACTS[name].measure(grid)
    document = _document(grid, name, rows, time.perf_counter() - started)
    grid.folder.mkdir(parents=True, exist_ok=True)
    files = [grid.folder / f"{name}.{kind}" for kind in ("json", "csv", "svg", "png")]
    write_json(files[0], document, DOCUMENT, kind="a reproduction")
    write_atomic(files[1], as_csv(rows).encode())
    write_atomic(files[2], draw("svg"))
    write_atomic(files[3], draw("png"))
    return Reproduction(document, files)


def _document(grid: RnmGrid, name: str, rows: list[Row], seconds: float) -> dict[str, Any]:
    """The machine and its versions are told as benches tell them."""
    told = bench_document("rnm", grid.request.data, grid.request.seeds, seconds, {})
    shared = {key: told[key] for key in ("schema", "data", "seeds", "machine", "threads", "versions", "seconds")}
    return {
        **shared,
        "paper": "rnm",
        "artefact": name,
        "title": ARTEFACTS[name].title,
        "settings": grid.request.as_dict(),
        "rows": rows,
    }


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
