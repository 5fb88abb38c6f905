"""Runs that are taken over, and runs that only look alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from unfind.errors import UsageError
from unfind.models.weights import fingerprint_of, read_card
from unfind.studies import bench_protection as protection
from unfind.studies.adopt_runs import adopt_runs
from unfind.studies.mip_grid import CLEAN, FIRST, Cell, Grid, GridRequest, steps_done
from unfind.studies.mip_presets import preset
from unfind.training.settings import FitSettings

PBL = Cell("pbl")


@pytest.fixture
def copied(grid: Grid, tmp_path: Path) -> Callable[..., tuple[Grid, list[tuple[int, str]]]]:
    """Return a maker of new grids that take over from the one that has fitted PBL."""
    grid.fit(None, 0)
    grid.fit(PBL, 0)

    def make(**changes: Any) -> tuple[Grid, list[tuple[int, str]]]:
        other = Grid(replace(grid.request, **changes), tmp_path / "other")
        return other, adopt_runs(other, [PBL], grid.folder)

    return make


def test_every_fit_of_the_same_settings_is_taken_over(copied: Callable[..., Any], grid: Grid) -> None:
    other, taken = copied()
    assert taken == [(0, FIRST), (0, CLEAN), (0, PBL.name)]
    assert other.missing([PBL]) == []
    for name in (FIRST, CLEAN, PBL.name):
        cards = [read_card(one.place(0, name)) for one in (grid, other)]
        assert fingerprint_of(cards[0]) == fingerprint_of(cards[1])
    assert other.fit(PBL, 0) == other.place(0, PBL.name)  # and is not fitted again
    assert adopt_runs(other, [PBL], grid.folder) == []


def test_other_seeds_are_left_to_be_fitted(copied: Callable[..., Any]) -> None:
    other, taken = copied(seeds=(0, 1))
    assert {seed for seed, _ in taken} == {0}
    assert {seed for seed, _ in other.missing([PBL])} == {1}


def test_another_number_of_steps_is_another_fit(copied: Callable[..., Any]) -> None:
    assert copied(steps=3)[1] == [(0, FIRST)]  # the first model has its own number


def test_another_objective_is_another_fit(copied: Callable[..., Any], grid: Grid) -> None:
    objectives = {**grid.request.preset.objectives, "pbl": {"ratio": 0.5}}
    assert copied(preset=replace(grid.request.preset, objectives=objectives))[1] == [(0, FIRST), (0, CLEAN)]


def test_what_goes_on_from_another_model_is_another_fit(copied: Callable[..., Any], grid: Grid) -> None:
    file = grid.place(0, PBL.name) / "model.json"
    text = file.read_text()
    card = json.loads(text)
    card["started_from"]["fingerprint"] = "0" * 16
    file.write_text(json.dumps(card))
    try:
        assert (0, PBL.name) not in copied()[1]
    finally:
        file.write_text(text)


def test_nothing_goes_on_from_a_first_model_that_is_missing(copied: Callable[..., Any]) -> None:
    assert copied(first_steps=1)[1] == []


def test_a_run_that_was_stopped_is_not_taken(copied: Callable[..., Any], grid: Grid) -> None:
    log = grid.place(0, PBL.name) / "log.jsonl"
    text = log.read_text()
    log.write_text(json.dumps({"step": 1}) + "\n")
    try:
        assert copied()[1] == [(0, FIRST), (0, CLEAN)]
    finally:
        log.write_text(text)


def test_a_setting_that_an_earlier_version_did_not_know_had_its_default(copied: Callable[..., Any], grid: Grid) -> None:
    file = grid.place(0, FIRST) / "settings.toml"
    text = file.read_text()
    for line in ('head = "embedding"\n', "flip = false\n"):
        assert line in text
        file.write_text(file.read_text().replace(line, ""))
    try:
        assert (0, FIRST) in copied()[1]
    finally:
        file.write_text(text)


def test_runs_of_the_protection_bench_are_the_same_fits(
    class_photos: Path, grid_request: GridRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its folders have other names; with its own numbers they are the recommended PBL of a grid."""
    small = FitSettings(classes_per_batch=4, learning_rate=1e-3, validate_every=2)
    for name in ("CLEAN", "PROTECT"):
        monkeypatch.setattr(protection, name, small)
    plan = protection.Plan(first=2, then=2, sample=0, timed=1, embeddings=8)
    protection._one_seed(
        str(class_photos), tmp_path / "runs" / "seed-0", grid_request.architecture, plan, 0, None, lambda *_: None
    )
    recommended = replace(preset("recommended"), first=small, then=small)
    grid = Grid(replace(grid_request, preset=recommended), tmp_path / "mip")
    assert adopt_runs(grid, [PBL], tmp_path / "runs") == [(0, FIRST), (0, CLEAN), (0, PBL.name)]
    assert steps_done(grid.place(0, PBL.name)) == 2


def test_a_folder_without_runs_is_refused(grid: Grid, tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "absent"):
        with pytest.raises(UsageError, match="folder with finished runs"):
            adopt_runs(grid, [PBL], place)
