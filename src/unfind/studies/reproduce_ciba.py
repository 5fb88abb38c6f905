"""One table or figure of CIBA, measured: JSON, CSV and a plot."""

from __future__ import annotations

import time
from typing import Any

from unfind.errors import UsageError
from unfind.images.files import write_atomic
from unfind.report.checks import exactly, list_of, names_to, number, record, text, whole_number
from unfind.report.csv_file import as_csv
from unfind.report.json_file import write_json
from unfind.studies.bench_document import bench_document
from unfind.studies.ciba_artefacts import ARTEFACTS
from unfind.studies.ciba_grid import CibaGrid, Row
from unfind.studies.reproduce_rnm import Reproduction

DOCUMENT = record(
    {
        "schema": exactly(1),
        "paper": exactly("ciba"),
        "artefact": text(*ARTEFACTS),
        "title": text(),
        "data": text(),
        "seeds": list_of(whole_number(0)),
        "machine": text(),
        "threads": whole_number(1),
        "versions": names_to(text()),
        "seconds": number(low=0.0),
        "settings": record({}),
        "rows": list_of(record({"seed": whole_number(0), "metric": text(), "value": number()})),
    }
)
"""What the JSON of a table or figure holds."""


def reproduce_ciba(grid: CibaGrid, name: str) -> Reproduction:
    """Attack what is missing, measure, and write ``NAME.json``, ``NAME.csv``, ``NAME.svg`` and ``NAME.png``.

    Args:
        grid: whose folder the files go into.
        name: one of ARTEFACTS.

    Raises:
        UnfindError: whatever stands in the way.
    """
    if name not in ARTEFACTS:
        raise UsageError(f"Expected one of {', '.join(ARTEFACTS)}, got '{name}': choose one of these.")
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


def _document(grid: CibaGrid, name: str, rows: list[Row], seconds: float) -> dict[str, Any]:
    """The machine and its versions are told as benches tell them."""
    told = bench_document("ciba", grid.request.ground.data, grid.request.seeds, seconds, {})
    shared = {key: told[key] for key in ("schema", "data", "seeds", "machine", "threads", "versions", "seconds")}
    return {
        **shared,
        "paper": "ciba",
        "artefact": name,
        "title": ARTEFACTS[name].title,
        "settings": grid.request.as_dict(),
        "rows": rows,
    }
