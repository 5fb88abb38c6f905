"""Files of a table or figure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from unfind.errors import UsageError
from unfind.redteam.ciba import VARIANTS
from unfind.report.json_file import read_json
from unfind.studies import reproduce_ciba as module
from unfind.studies.ciba_artefacts import LAMBDAS, Artefact
from unfind.studies.ciba_forecast import CibaForecast
from unfind.studies.ciba_grid import CibaGrid
from unfind.studies.reproduce_ciba import DOCUMENT, look_ahead, reproduce_ciba

ROWS: list[dict[str, Any]] = [
    {"seed": 0, "variant": "tri", "metric": "t_map", "value": 0.1},
    {"seed": 0, "variant": "ciba", "metric": "t_map", "value": 0.7},
]


@pytest.fixture
def grid(ciba_grid: CibaGrid, tmp_path: Path) -> CibaGrid:
    return CibaGrid(replace(ciba_grid.request, seeds=(0, 1)), tmp_path / "new")


def test_four_files_are_written(grid: CibaGrid, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Artefact("a title", lambda grid: [{}], lambda grid: (ROWS, lambda format: format.encode()), ("variant",))
    monkeypatch.setitem(module.ARTEFACTS, "variants", one)
    found = reproduce_ciba(grid, "variants")
    assert [file.name for file in found.files] == [f"variants.{kind}" for kind in ("json", "csv", "svg", "png")]
    assert read_json(found.files[0], DOCUMENT, kind="a reproduction") == found.document
    assert found.files[1].read_text().splitlines() == [
        "seed,variant,metric,value",
        "0,tri,t_map,0.1",
        "0,ciba,t_map,0.7",
    ]
    assert found.files[2].read_bytes() == b"svg"
    assert (found.document["paper"], found.document["title"], found.document["seeds"]) == ("ciba", "a title", [0, 1])
    assert found.document["settings"]["attack"]["poisoned"] == 4


def test_what_lies_ahead_of_several(grid: CibaGrid, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[list[dict[str, Any]], bool]] = []

    def fake(grid: CibaGrid, attacks: list[dict[str, Any]], *, fits: bool = True) -> CibaForecast:
        asked.append((attacks, fits))
        return CibaForecast(1, 2, 3, 4.0)

    monkeypatch.setattr(module, "ahead", fake)
    assert look_ahead(grid, ["codes", "pictures", "lambda"]) == CibaForecast(1, 2, 3, 4.0)
    look_ahead(grid, ["pictures"])
    assert asked[0] == ([{}, *({"dispersion": weight} for weight in LAMBDAS)], True)
    assert asked[1] == ([{"variant": variant} for variant in VARIANTS], False)


def test_an_unknown_name_is_refused(grid: CibaGrid) -> None:
    with pytest.raises(UsageError, match=r"variants, .*got 'table-9'"):
        reproduce_ciba(grid, "table-9")
    assert not grid.folder.exists()
