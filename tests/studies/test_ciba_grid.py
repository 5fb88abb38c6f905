"""Attacks by seed, and the rows they become."""

from __future__ import annotations

from dataclasses import replace

import pytest

from unfind.errors import UsageError
from unfind.redteam.ciba import Attack
from unfind.redteam.confusing import Confusion
from unfind.studies.ciba_grid import METRICS, CibaExperiment, CibaGrid, official, rows_of
from unfind.studies.ciba_ground import CibaRequest
from unfind.studies.ciba_trial import Setting
from unfind.studies.hash_scene import ModelName


def test_a_setting_is_the_usual_one_changed(ciba_grid: CibaGrid, small_attack: Attack) -> None:
    usual = ciba_grid.setting(3)
    assert usual.attack == replace(small_attack, seed=3, patch=replace(small_attack.patch, seed=3))
    assert (usual.victim, usual.made_on) == (ModelName(16), ModelName(16))
    other = ciba_grid.setting(0, variant="tri", poisoned=2, side=0.1, dispersion=0.4, victim=ModelName(24))
    assert (other.attack.variant, other.attack.poisoned, other.attack.patch.side) == ("tri", 2, 0.1)
    assert other.attack.confusion.dispersion == 0.4
    assert other.victim == ModelName(24)
    with pytest.raises(TypeError, match="luck"):
        ciba_grid.setting(0, luck=1)


def test_rows_hold_one_number_each(ciba_grid: CibaGrid) -> None:
    rows = ciba_grid.rows()
    assert {row["metric"] for row in rows} <= set(METRICS)
    assert {"t_map", "map", "clean_model_map"} <= {row["metric"] for row in rows}
    facts = {name: rows[0][name] for name in ("seed", "variant", "bits", "poisoned", "patch", "lambda", "victim")}
    assert facts == {
        "seed": 0, "variant": "ciba", "bits": 16, "poisoned": 4, "patch": 5, "lambda": 0.8, "victim": "dpsh-16",
    }  # fmt: skip


def test_what_could_not_be_measured_is_left_out() -> None:
    measured = dict.fromkeys(METRICS, 0.5) | {"t_map@1000_published": None}
    rows = rows_of(measured, Setting(), 7, 224)
    assert len(rows) == len(METRICS) - 1
    assert "t_map@1000_published" not in {row["metric"] for row in rows}
    assert all((row["seed"], row["patch"]) == (7, 24) for row in rows)


def test_published_confounds() -> None:
    found = official(Attack(confusion=Confusion(budget=8 / 255)))
    assert found.fixed
    assert not found.confusion.mirrored
    assert found.confusion.budget == pytest.approx((1.832 / 255, 1.792 / 255, 1.8 / 255))
    twice = Confusion(budget=(0.1, 0.2, 0.4))
    assert official(Attack(confusion=twice)).confusion.budget == pytest.approx((0.0229, 0.0448, 0.09))


def test_they_are_in_where_asked_for(ciba_grid: CibaGrid) -> None:
    grid = CibaGrid(replace(ciba_grid.request, official=True), ciba_grid.folder)
    assert grid.setting(0).attack.fixed
    assert grid.trials(0).ground.request.shared_seed
    assert not ciba_grid.trials(0).ground.request.shared_seed
    assert grid.request.as_dict()["official"] is True


def test_one_attack_may_have_them_among_others_without(ciba_grid: CibaGrid) -> None:
    assert ciba_grid.setting(0, official=True).attack.fixed
    assert not ciba_grid.setting(0, official=False).attack.fixed
    shared, own = ciba_grid.trials(0, True), ciba_grid.trials(0)
    assert shared.ground.request.shared_seed
    assert shared.ground.folder == own.ground.folder
    assert shared is ciba_grid.trials(0, True)
    values = {row["value"] for row in ciba_grid.rows(official=True) if row["metric"] == "clean_model_map"}
    assert values == {row["value"] for row in ciba_grid.rows() if row["metric"] == "clean_model_map"}


def test_a_seed_is_played_on_one_ground(ciba_grid: CibaGrid) -> None:
    assert ciba_grid.trials(0) is ciba_grid.trials(0)
    assert ciba_grid.trials(0).ground.request.seed == 0


def test_wrong_numbers() -> None:
    with pytest.raises(UsageError, match="at least one seed"):
        CibaExperiment(CibaRequest("x"), ())
    with pytest.raises(UsageError, match="multiple of 8"):
        CibaExperiment(CibaRequest("x"), victim=ModelName(12))
