from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from unfind.studies import mip_forecast as module
from unfind.studies.mip_forecast import VALIDATIONS, VERSIONS, Forecast, Paces, forecast, spoken
from unfind.studies.mip_grid import Cell, Grid, GridRequest

CELLS = [Cell("pbl"), Cell("label", "badnets")]
BESIDE = Cell("pbl", "learned", beside=True)


def test_what_lies_ahead_is_added_up(
    grid_request: GridRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_paces", lambda grid, *, beside: Paces(1.0, 10.0, 5.0, 0.1))
    grid = Grid(replace(grid_request, seeds=(0, 1), first_steps=3, steps=4), tmp_path)
    found = forecast(grid, CELLS)
    assert (found.fits, found.done, found.evaluations) == (8, 0, 4)
    clean, private = 2 * (3 + 4), 2 * 2 * 4
    assert found.steps == clean + private
    photos = {"validation": 10, "test": 20}
    validated = (clean + private) / 2 * VALIDATIONS * photos["validation"]
    assert found.seconds == pytest.approx(clean + 10 * private + 0.1 * (validated + 4 * VERSIONS * photos["test"]))


def test_side_networks_have_a_pace_of_their_own(
    grid_request: GridRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def paces(grid: Grid, *, beside: bool) -> Paces:
        asked.append(beside)
        return Paces(0.0, 0.0, 5.0, 0.0)

    monkeypatch.setattr(module, "_paces", paces)
    grid = Grid(grid_request, tmp_path)
    forecast(grid, CELLS)
    found = forecast(grid, [BESIDE])
    assert asked == [False, True]
    assert found.seconds == pytest.approx(5.0 * grid_request.preset.beside.length)


def test_steps_of_side_networks_are_really_timed(grid_request: GridRequest, tmp_path: Path) -> None:
    assert 0 < forecast(Grid(grid_request, tmp_path), [BESIDE]).seconds < 600


def test_steps_are_really_timed(grid_request: GridRequest, tmp_path: Path) -> None:
    found = forecast(Grid(grid_request, tmp_path), CELLS[:1])
    assert (found.fits, found.steps) == (3, 6)
    assert 0 < found.seconds < 600
    assert "Fits ahead: 3 (6 steps in all), evaluations ahead: 1, fits done: 0; about" in str(found)


def test_a_finished_grid_has_nothing_ahead(grid: Grid) -> None:
    grid.report(CELLS[0], 0)
    found = forecast(grid, CELLS[:1])
    assert found == Forecast(0, 3, 0, 0, 0.0)
    assert str(found) == "Nothing to fit: 3 fits are done and measured."


def test_a_table_without_models_takes_no_fit(grid_request: GridRequest, tmp_path: Path) -> None:
    assert forecast(Grid(grid_request, tmp_path), []) == Forecast(0, 0, 0, 0, 0.0)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (89, "89 s"), (100, "2 min"), (3540, "59 min"), (12_000, "3 h 20 min"), (7_200, "2 h 0 min")],
)
def test_durations_as_people_say_them(seconds: float, words: str) -> None:
    assert spoken(seconds) == words
