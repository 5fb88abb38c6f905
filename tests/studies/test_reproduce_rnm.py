"""Files of a table or figure, and the table for people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from unfind.errors import UsageError
from unfind.models.encoder import Architecture
from unfind.report.json_file import read_json
from unfind.studies import reproduce_rnm as module
from unfind.studies.reproduce_rnm import DOCUMENT, reproduce_rnm
from unfind.studies.rnm_artefacts import ARTEFACTS, Artefact
from unfind.studies.rnm_grid import RnmGrid, RnmRequest

ROWS: list[dict[str, Any]] = [
    {"seed": 0, "method": "rnm", "bits": 16, "metric": "map", "value": 0.1},
    {"seed": 1, "method": "rnm", "bits": 16, "metric": "map", "value": 0.2},
    {"seed": 0, "method": "rnm", "bits": 16, "metric": "psnr", "value": 36.5, "budget": 0.032},
    {"seed": None, "method": "hag", "bits": 16, "metric": "map", "value": 0.05},
]


@pytest.fixture
def grid(tmp_path: Path) -> RnmGrid:
    return RnmGrid(RnmRequest("x", Architecture("tiny", size=32), seeds=(0, 1)), tmp_path / "new")


def test_four_files_are_written(grid: RnmGrid, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Artefact("a title", lambda grid: (ROWS, lambda format: format.encode()), ("method",), ("map",))
    monkeypatch.setitem(module.ARTEFACTS, "table-1", one)
    found = reproduce_rnm(grid, "table-1")
    assert [file.name for file in found.files] == [f"table-1.{kind}" for kind in ("json", "csv", "svg", "png")]
    assert read_json(found.files[0], DOCUMENT, kind="a reproduction") == found.document
    assert found.files[3].read_bytes() == b"png"
    assert (found.document["paper"], found.document["title"], found.document["seeds"]) == ("rnm", "a title", [0, 1])
    assert found.document["settings"]["preset"] == "recommended"


def test_an_unknown_name_is_refused(grid: RnmGrid) -> None:
    with pytest.raises(UsageError, match=r"table-1, .*got 'table-9'"):
        reproduce_rnm(grid, "table-9")
    assert not grid.folder.exists()


def test_all_of_the_paper_is_there() -> None:
    assert list(ARTEFACTS) == ["table-1", "table-2", "table-3", "figure-2", "figure-3", "figure-4"]
