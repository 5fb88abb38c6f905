"""What lies ahead of a table: attacks, fits, and time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from unfind.studies import ciba_forecast as module
from unfind.studies.ciba_forecast import CibaForecast, ahead, cost
from unfind.studies.ciba_grid import CibaGrid
from unfind.studies.hash_scene import ModelName
from unfind.studies.step_cost import StepSeconds


@pytest.fixture
def fresh(ciba_grid: CibaGrid, tmp_path: Path) -> CibaGrid:
    """The same attacks in a folder where nothing has been done."""
    return CibaGrid(ciba_grid.request, tmp_path)


@pytest.fixture
def no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "step_seconds", lambda *_, **__: StepSeconds(10.0, 1.0))
    monkeypatch.setattr(module, "seconds_per_embedding", lambda *_: 1.0)


def test_a_victim_needs_a_surrogate_and_a_model_without_poison(fresh: CibaGrid, no_clock: None) -> None:
    found = ahead(fresh, [{}])
    assert (found.attacks, found.clean, found.steps) == (1, 2, 2)
    # Three fits of two steps, and one model that 48 photos of the database and twice 12 queries are shown to.
    assert found.seconds == 3 * 2 * 10 + 48 + 2 * 12


def test_what_attacks_have_in_common_is_counted_once(fresh: CibaGrid, no_clock: None) -> None:
    found = ahead(fresh, [{}, {"variant": "ciba"}, {"variant": "tri"}, {"victim": ModelName(24)}])
    assert (found.attacks, found.clean) == (3, 4)
    shared = ahead(fresh, [{}, {"victim": ModelName(24), "surrogate": ModelName(16)}])
    assert (shared.attacks, shared.clean) == (2, 3)


def test_seeds_are_added_up_and_share_models(fresh: CibaGrid, no_clock: None) -> None:
    grid = CibaGrid(replace(fresh.request, seeds=(0, 1)), fresh.folder)
    found = ahead(grid, [{}])
    assert (found.attacks, found.clean) == (2, 3)  # the surrogate of seed 0 is the clean model of seed 1


def test_with_the_published_confounds_the_surrogate_is_the_clean_model(fresh: CibaGrid, no_clock: None) -> None:
    found = ahead(fresh, [{"official": True}])
    assert (found.attacks, found.clean) == (1, 1)


def test_poison_alone_needs_a_surrogate_only(fresh: CibaGrid, no_clock: None) -> None:
    found = ahead(fresh, [{"variant": "tri"}, {}], fits=False)
    assert (found.attacks, found.clean) == (0, 1)


def test_what_is_there_is_not_counted(ciba_grid: CibaGrid) -> None:
    ciba_grid.rows()
    found = ahead(ciba_grid, [{}])
    assert found == CibaForecast(0, 0, 2, 0.0)
    assert str(found) == "Nothing to fit: all is there."


def test_time_is_taken_on_the_machine(ciba_grid: CibaGrid) -> None:
    ground = ciba_grid.trials(0).ground
    assert cost(ground, ModelName(16), 10, 1) > cost(ground, ModelName(16), 0, 0) == 0


def test_it_is_said_in_a_sentence() -> None:
    said = str(CibaForecast(5, 2, 800, 650.0))
    assert said == "Attacks to try: 5; fits ahead: 7 of 800 steps; about 11 min on this machine."
