"""One table or figure of the MIP paper, measured again: JSON, CSV and a plot."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from unfind.errors import UsageError
from unfind.report.checks import nullable, record, whole_number
from unfind.studies.mip_artefacts import ARTEFACTS
from unfind.studies.mip_forecast import Forecast, forecast
from unfind.studies.mip_grid import Cell, Grid
from unfind.studies.reproduction import Reproduction, reproduction_check, reproduction_document, write_reproduction
from unfind.triggers.choose import TRIGGERS
from unfind.triggers.learned import Learned

DOCUMENT = reproduction_check("mip", ARTEFACTS, record({"seed": nullable(whole_number(0))}))
"""What the JSON of a table or figure holds."""
DEFENDED = ("figure-11", "figure-12")
"""Figures that try defences."""
BESIDE = ("pbl", "cbl")
"""Methods that a side network can learn from."""


def cells_of(name: str, triggers: Sequence[str], *, beside: bool = False) -> list[Cell]:
    """The protected models that a table or figure needs.

    Args:
        name: such as "table-2".
        triggers: which ones; where one is enough the first is taken.
        beside: whether PBL and CBL with the learned trigger are side networks beside the finished clean model.

    Raises:
        UsageError: an unknown table, figure or trigger; side networks where nothing has the learned trigger.
    """
    if name not in ARTEFACTS:
        raise UsageError(f"Expected one of {', '.join(ARTEFACTS)}, got '{name}': the others cannot be measured.")
    unknown = [trigger for trigger in triggers if trigger not in TRIGGERS]
    if unknown or not triggers:
        came = f"'{unknown[0]}'" if unknown else "none"
        raise UsageError(f"Expected triggers out of {', '.join(TRIGGERS)}, got {came}: choose from these.")
    cells = ARTEFACTS[name].cells(triggers)
    return _beside(cells) if beside else cells


def _settings(grid: Grid, name: str) -> dict[str, Any]:
    """What a document was measured with; only those of defences may be of fewer photos than there are."""
    defended = {"defended": grid.defended} if name in DEFENDED else {}
    return {**grid.request.as_dict(), **defended}


def _beside(cells: Sequence[Cell]) -> list[Cell]:
    """Those that can be side networks made so."""
    able = [cell.method in BESIDE and cell.trigger == Learned.name for cell in cells]
    if not any(able):
        came = ", ".join(dict.fromkeys(cell.trigger for cell in cells)) or "no model"
        raise UsageError(
            f"Expected PBL or CBL with the trigger '{Learned.name}', which a side network can read, got {came}: name "
            "that trigger first, or leave side networks out."
        )
    return [replace(cell, beside=one) for cell, one in zip(cells, able, strict=True)]


def look_ahead(grid: Grid, name: str, triggers: Sequence[str], *, beside: bool = False) -> Forecast:
    """What is to be fitted for a table or figure, and about how long it takes.

    Raises:
        UnfindError: an unknown name, or whatever stands in the way of the fits.
    """
    return forecast(grid, cells_of(name, triggers, beside=beside), ARTEFACTS[name].also)


def reproduce_mip(grid: Grid, name: str, triggers: Sequence[str], *, beside: bool = False) -> Reproduction:
    """Fit what is missing, measure, and write ``NAME.json``, ``NAME.csv``, ``NAME.svg`` and ``NAME.png``.

    Args:
        grid: whose folder the files go into.
        name: such as "table-2" or "figure-9".
        triggers: which ones.
        beside: whether PBL and CBL with the learned trigger are side networks.

    Raises:
        UnfindError: whatever stands in the way.
    """
    cells, artefact = cells_of(name, triggers, beside=beside), ARTEFACTS[name]
    started = time.perf_counter()
    rows, draw = artefact.measure(grid, cells, triggers)
    document = reproduction_document(
        "mip",
        data=grid.request.data,
        seeds=grid.request.seeds,
        seconds=time.perf_counter() - started,
        facts={"artefact": name, "title": artefact.title, "settings": _settings(grid, name), "rows": rows},
    )
    return write_reproduction(grid.folder, document, draw, DOCUMENT)
