"""The files that a table or figure is written to."""

from __future__ import annotations

import csv
import json

import pytest

from unfind.errors import UsageError
from unfind.report.panels import Panel
from unfind.studies import mip_artefacts
from unfind.studies.mip_grid import Grid
from unfind.studies.reproduce_mip import cells_of, look_ahead, reproduce_mip


def test_json_csv_and_plot_lie_in_the_grids_folder(grid: Grid) -> None:
    found = reproduce_mip(grid, "table-4", ("badnets",))
    assert [file.name for file in found.files] == [f"table-4.{kind}" for kind in ("json", "csv", "svg", "png")]
    document = json.loads(found.files[0].read_text())
    assert document == json.loads(json.dumps(found.document))
    assert (document["paper"], document["artefact"], document["seeds"]) == ("mip", "table-4", [0])
    assert document["settings"]["objectives"]["pbl"]["ratio"] == 0.3
    assert document["machine"]
    rows = list(csv.DictReader(found.files[1].read_text().splitlines()))
    assert [float(row["value"]) for row in rows] == [row["value"] for row in document["rows"]]
    assert found.files[3].read_bytes().startswith(b"\x89PNG")


def test_figures_of_defences_say_on_how_many_photos(grid: Grid, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def rows(grid: Grid, cells: object, names: object, *, most: int | None) -> list[dict[str, object]]:
        asked.append(most)
        facts = {"seed": 0, "method": "pbl", "defence": "mean", "knob": "size", "setting": 3}
        return [{**facts, "task": "c2c", "metric": "f1", "measure": "score", "value": 0.5}]

    monkeypatch.setattr(mip_artefacts, "defence_rows", rows)
    monkeypatch.setattr(mip_artefacts, "_curve", lambda *_: Panel("pbl", ["3"], {"C→C": [0.5]}))
    grid.defended = 7
    found = reproduce_mip(grid, "figure-11", ("badnets",))
    assert asked == [7]
    assert found.document["settings"]["defended"] == 7
    assert "defended" not in reproduce_mip(grid, "table-4", ("badnets",)).document["settings"]


def test_what_lies_ahead(grid: Grid) -> None:
    assert look_ahead(grid, "table-4", ("badnets",)).fits == 0


def test_pbl_and_cbl_can_be_side_networks() -> None:
    cells = cells_of("table-2", ("badnets", "learned"), beside=True)
    assert {(cell.method, cell.trigger) for cell in cells if cell.beside} == {("pbl", "learned"), ("cbl", "learned")}
    assert [cell.changes for cell in cells_of("figure-8", ("learned",), beside=True)] == [
        cell.changes for cell in cells_of("figure-8", ("learned",))
    ]


@pytest.mark.parametrize(("name", "triggers"), [("table-2", ("badnets",)), ("figure-8", ("wanet", "learned"))])
def test_side_networks_read_only_the_learned_trigger(name: str, triggers: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="which a side network can read, got"):
        cells_of(name, triggers, beside=True)


def test_tables_without_models_have_no_side_networks() -> None:
    with pytest.raises(UsageError, match="got no model"):
        cells_of("table-4", ("learned",), beside=True)


@pytest.mark.parametrize(
    ("name", "triggers", "says"),
    [
        ("table-6", ("badnets",), "table-1, table-2"),
        ("figure-7", ("badnets",), "figure-6"),
        ("table-2", ("wavelet",), "got 'wavelet'"),
        ("table-2", (), "got none"),
    ],
)
def test_what_cannot_be_made_is_refused(name: str, triggers: tuple[str, ...], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        cells_of(name, triggers)
