"""One table or figure of CIBA, measured: JSON, CSV and a plot."""

from __future__ import annotations

import time
from collections.abc import Sequence

from unfind.errors import UsageError
from unfind.report.checks import number, record, text, whole_number
from unfind.studies.ciba_artefacts import ARTEFACTS
from unfind.studies.ciba_forecast import CibaForecast, ahead
from unfind.studies.ciba_grid import CibaGrid
from unfind.studies.reproduction import Reproduction, reproduction_check, reproduction_document, write_reproduction

DOCUMENT = reproduction_check("ciba", ARTEFACTS, record({"seed": whole_number(0), "metric": text(), "value": number()}))
"""What the JSON of a table or figure holds."""


def look_ahead(grid: CibaGrid, names: Sequence[str]) -> CibaForecast:
    """What tables and figures will take.

    Args:
        grid: whose folder is looked into.
        names: of ARTEFACTS; what several of them need is counted once.

    Raises:
        UnfindError: no such data.
    """
    wanted = [ARTEFACTS[name] for name in names]
    fitted = [changes for one in wanted if one.fits for changes in one.attacks(grid)]
    return ahead(grid, fitted) if fitted else ahead(grid, wanted[0].attacks(grid), fits=False)


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
    document = reproduction_document(
        "ciba",
        data=grid.request.ground.data,
        seeds=grid.request.seeds,
        seconds=time.perf_counter() - started,
        facts={"artefact": name, "title": ARTEFACTS[name].title, "settings": grid.request.as_dict(), "rows": rows},
    )
    return write_reproduction(grid.folder, document, draw, DOCUMENT)
