"""Grids: what is shared, what is kept, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from unfind.errors import ResumeError
from unfind.models.weights import fingerprint_of, read_card
from unfind.report.report_json import read_report
from unfind.studies.mip_grid import CLEAN, FIRST, REPORT, THEN_SEED, Cell, Grid, GridRequest, pace_of, steps_done
from unfind.studies.views import PLAIN, TRIGGERED
from unfind.triggers.key import Key

PBL = Cell("pbl")


def test_cells_are_named_by_what_they_change() -> None:
    assert PBL.name == "pbl-spread-spectrum"
    assert Cell("cbl", "badnets", {"ratio": 0.05}).name == "cbl-badnets-ratio=0.05"
    assert Cell("pbl", changes={"domain_weight": 1.0, "augmentation_weight": 0.5}).name == (
        "pbl-spread-spectrum-augmentation_weight=0.5-domain_weight=1"
    )


def test_every_cell_starts_from_the_one_clean_model(grid: Grid) -> None:
    clean, protected = (read_card(grid.fit(cell, 0)) for cell in (None, PBL))
    first = read_card(grid.place(0, FIRST))
    for card in (clean, protected):
        assert card["started_from"]["fingerprint"] == fingerprint_of(first)
        assert card["seed"] == THEN_SEED
    assert clean["objective"]["name"] == "clean"
    assert protected["objective"] == {"name": "pbl", "settings": dict(grid.request.preset.objectives["pbl"])}
    assert protected["trigger"]["key_fingerprint"] == Key.from_seed(0).fingerprint


BESIDE = Cell("pbl", "learned", beside=True)


@pytest.fixture
def brief(grid_request: GridRequest) -> GridRequest:
    """The request, with a side network fitted for 1 step."""
    preset = replace(grid_request.preset, beside=replace(grid_request.preset.then, steps=1))
    return replace(grid_request, preset=preset)


def test_a_side_network_goes_beside_the_finished_clean_model(brief: GridRequest, tmp_path: Path) -> None:
    grid = Grid(brief, tmp_path)
    assert BESIDE.name == "pbl-learned-beside"
    assert BESIDE.facts == {"method": "pbl", "trigger": "learned", "beside": True}
    wanted = grid.wanted(BESIDE, 0)
    assert (wanted.start, wanted.trigger, wanted.fit.steps) == (grid.place(0, CLEAN), "learned", 1)
    assert wanted.architecture.learning_side
    assert wanted.objective_options["distillation_weight"] == 0
    assert [name for _, name in grid.missing([BESIDE])] == [FIRST, CLEAN, BESIDE.name]
    card = read_card(grid.fit(BESIDE, 0))
    assert card["started_from"]["fingerprint"] == fingerprint_of(read_card(grid.place(0, CLEAN)))
    assert card["architecture"]["learning_side"]
    assert grid.missing([BESIDE]) == []


def test_views_are_made_once_for_all_cells_of_a_trigger(grid: Grid) -> None:
    first = grid.views(PBL, 0)
    assert grid.views(Cell("cbl"), 0) is first
    other = grid.views(Cell("pbl", "blended"), 0)
    assert other is not first
    assert np.array_equal(other.pixels[PLAIN], first.pixels[PLAIN])
    assert not np.array_equal(other.pixels[TRIGGERED], first.pixels[TRIGGERED])


def test_what_is_fitted_is_not_fitted_again(grid: Grid, grid_request: GridRequest) -> None:
    folder = grid.fit(PBL, 0)
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    again = Grid(grid_request, grid.folder)
    assert again.fit(PBL, 0) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_a_stopped_fit_goes_on(grid_request: GridRequest, tmp_path: Path) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        if stage.startswith("fit") and done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Grid(grid_request, tmp_path, progress=stop).fit(None, 0)
    grid = Grid(grid_request, tmp_path)
    assert (0, FIRST) in grid.missing([PBL])
    grid.fit(None, 0)
    assert [name for _, name in grid.missing([PBL])] == [PBL.name]
    assert steps_done(grid.place(0, FIRST)) == steps_done(grid.place(0, CLEAN)) == 2


def test_what_is_missing_is_told_in_order(grid_request: GridRequest, tmp_path: Path) -> None:
    grid = Grid(replace(grid_request, seeds=(0, 1)), tmp_path)
    assert grid.missing([]) == []
    assert grid.missing([PBL, Cell("cbl"), PBL]) == [
        (seed, name) for seed in (0, 1) for name in (FIRST, CLEAN, "pbl-spread-spectrum", "cbl-spread-spectrum")
    ]
    assert grid.steps == (2, 2)


def test_triggers_without_a_key_get_none(grid: Grid) -> None:
    assert grid.key(Cell("pbl", "badnets"), 3) is None
    key = grid.key(PBL, 3)
    assert key is not None
    assert key.fingerprint == Key.from_seed(3).fingerprint


def test_a_report_holds_both_protocols_and_is_kept(grid: Grid, monkeypatch: pytest.MonkeyPatch) -> None:
    report = grid.report(PBL, 0)
    file = grid.place(0, PBL.name) / REPORT
    assert json.loads(json.dumps(report)) == read_report(file)
    assert report["protocol"] == "strict"
    assert report["paper"]["protocol"] == "paper"
    assert report["n_query"] == 20

    def never(*args: object, **more: object) -> None:
        raise AssertionError("measured again")

    with monkeypatch.context() as patch:
        patch.setattr("unfind.studies.mip_grid.evaluate", never)
        assert grid.report(PBL, 0) == read_report(file)
        other = {**read_report(file), "models": ["0" * 16, "1" * 16]}
        file.write_text(json.dumps(other))
        with pytest.raises(AssertionError, match="measured again"):
            grid.report(PBL, 0)
    assert grid.report(PBL, 0) == report


def test_a_folder_belongs_to_one_grid(grid: Grid, grid_request: GridRequest) -> None:
    for other in (replace(grid_request, steps=3), replace(grid_request, data="photos")):
        with pytest.raises(ResumeError, match="settings"):
            Grid(other, grid.folder)
    Grid(replace(grid_request, seeds=(0, 1)), grid.folder)  # more seeds are no other grid


def test_no_steps_where_there_is_no_run(tmp_path: Path) -> None:
    assert steps_done(tmp_path / "nothing") == 0
    assert pace_of(tmp_path / "nothing") == {"steps": 0, "seconds_per_step": 0.0}


def test_the_pace_of_a_run_is_that_of_its_log(grid: Grid) -> None:
    pace = pace_of(grid.fit(None, 0))
    assert pace["steps"] == 2
    assert 0 < pace["seconds_per_step"] < 60


def test_the_learned_trigger_takes_the_mark_that_is_named(
    grid: Grid, grid_request: GridRequest, tmp_path: Path
) -> None:
    assert grid.wanted(Cell("pbl", "learned"), 0).trigger_options == {}
    marked = Grid(replace(grid_request, mark="untrained"), tmp_path)
    assert marked.wanted(Cell("pbl", "learned"), 0).trigger_options == {"mark": "untrained"}
    assert marked.wanted(PBL, 0).trigger_options == {}
    assert marked.trigger("learned", 3).settings()["mark"] == "untrained"
