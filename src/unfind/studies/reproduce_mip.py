"""One table or figure of the MIP paper, measured again: JSON, CSV and a plot."""

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
from unfind.studies.mip_artefacts import ARTEFACTS
from unfind.studies.mip_forecast import Forecast, forecast
from unfind.studies.mip_grid import Cell, Grid
from unfind.studies.mip_rows import Row
from unfind.triggers.choose import TRIGGERS

DOCUMENT = record(
    {
        "schema": exactly(1),
        "paper": exactly("mip"),
        "artefact": text(*ARTEFACTS),
        "title": text(),
        "data": text(),
        "seeds": list_of(whole_number(0)),
        "machine": text(),
        "threads": whole_number(1),
        "versions": names_to(text()),
        "seconds": number(low=0.0),
        "settings": record({}),
        "rows": list_of(record({"seed": nullable(whole_number(0))})),
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


def cells_of(name: str, triggers: Sequence[str]) -> list[Cell]:
    """The protected models that a table or figure needs.

    Args:
        name: such as "table-2".
        triggers: which ones; where one is enough the first is taken.

    Raises:
        UsageError: an unknown table, figure or trigger.
    """
    if name not in ARTEFACTS:
        raise UsageError(f"Expected one of {', '.join(ARTEFACTS)}, got '{name}': the others cannot be measured.")
    unknown = [trigger for trigger in triggers if trigger not in TRIGGERS]
    if unknown or not triggers:
        came = f"'{unknown[0]}'" if unknown else "none"
        raise UsageError(f"Expected triggers out of {', '.join(TRIGGERS)}, got {came}: choose from these.")
    return ARTEFACTS[name].cells(triggers)


def look_ahead(grid: Grid, name: str, triggers: Sequence[str]) -> Forecast:
    """What is to be fitted for a table or figure, and about how long it takes.

    Raises:
        UnfindError: an unknown name, or whatever stands in the way of the fits.
    """
    return forecast(grid, cells_of(name, triggers), ARTEFACTS[name].also)


def reproduce_mip(grid: Grid, name: str, triggers: Sequence[str]) -> Reproduction:
    """Fit what is missing, measure, and write ``NAME.json``, ``NAME.csv``, ``NAME.svg`` and ``NAME.png``.

    Args:
        grid: whose folder the files go into.
        name: such as "table-2" or "figure-9".
        triggers: which ones.

    Raises:
        UnfindError: whatever stands in the way.
    """
    cells, artefact = cells_of(name, triggers), ARTEFACTS[name]
    started = time.perf_counter()
    rows, draw = artefact.measure(grid, cells, triggers)
    document = _document(grid, name, rows, time.perf_counter() - started)
    files = [grid.folder / f"{name}.{kind}" for kind in ("json", "csv", "svg", "png")]
    write_json(files[0], document, DOCUMENT, kind="a reproduction")
    write_atomic(files[1], as_csv(rows).encode())
    write_atomic(files[2], draw("svg"))
    write_atomic(files[3], draw("png"))
    return Reproduction(document, files)


def _document(grid: Grid, name: str, rows: list[Row], seconds: float) -> dict[str, Any]:
    """The machine and its versions are told as benches tell them."""
    told = bench_document("mip", grid.request.data, grid.request.seeds, seconds, {})
    shared = {key: told[key] for key in ("schema", "data", "seeds", "machine", "threads", "versions", "seconds")}
    return {
        **shared,
        "paper": "mip",
        "artefact": name,
        "title": ARTEFACTS[name].title,
        "settings": grid.request.as_dict(),
        "rows": rows,
    }
