"""One table or figure of the RNM paper, measured again: JSON, CSV and a plot."""

from __future__ import annotations

import time

from unfind.errors import UsageError
from unfind.report.checks import nullable, number, record, text, whole_number
from unfind.studies.reproduction import Reproduction, reproduction_check, reproduction_document, write_reproduction
from unfind.studies.rnm_artefacts import ARTEFACTS
from unfind.studies.rnm_grid import RnmGrid

DOCUMENT = reproduction_check(
    "rnm", ARTEFACTS, record({"seed": nullable(whole_number(0)), "method": text(), "value": number()})
)
"""What the JSON of a table or figure holds."""


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
    document = reproduction_document(
        "rnm",
        data=grid.request.data,
        seeds=grid.request.seeds,
        seconds=time.perf_counter() - started,
        facts={"artefact": name, "title": ARTEFACTS[name].title, "settings": grid.request.as_dict(), "rows": rows},
    )
    return write_reproduction(grid.folder, document, draw, DOCUMENT)
