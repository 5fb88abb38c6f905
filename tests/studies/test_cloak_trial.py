"""Trials: what is written, kept and read again, and what is measured of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from unfind.cloaks.choose import make_cloak
from unfind.cloaks.mosaic import Mosaic
from unfind.cloaks.pace import Pace
from unfind.cloaks.rnm import RNM
from unfind.images.edits import jpeg
from unfind.studies.cloak_trial import Trial, Trials, distance_of, kept_effect, psnr
from unfind.studies.hash_scene import Ground, HashScene, ModelName

FEW = Pace(iterations=6)


@pytest.fixture(scope="module")
def trials(hash_scene: HashScene, tmp_path_factory: pytest.TempPathFactory) -> Trials:
    return Trials(hash_scene, tmp_path_factory.mktemp("trials"))


@pytest.fixture(scope="module")
def trial(trials: Trials) -> Trial:
    return trials.run(RNM(FEW), "towards", 5)


def test_what_is_written_keeps_the_budget(trial: Trial, ground: Ground) -> None:
    assert trial.pixels.shape == (5, 32, 32, 3)
    change = trial.pixels.astype(int) - ground.query.pixels[:5]
    assert 0 < np.abs(change).max() <= int(FEW.budget * 255)


def test_classical_methods_have_no_budget(trials: Trials, ground: Ground) -> None:
    made = trials.run(Mosaic(FEW), "away", 3)
    assert np.abs(made.pixels.astype(int) - ground.query.pixels[:3]).max() > FEW.budget * 255


def test_the_way_is_kept(trial: Trial) -> None:
    assert len(trial.curve) == len(trial.clock) <= 7
    assert (np.diff(trial.clock) >= 0).all()
    assert (np.diff(trial.best) <= 0).all()
    assert trial.best[0] == pytest.approx(trial.curve[0].mean())


def test_until_when() -> None:
    curve = np.array([[8, 4], [4, 4], [6, 0], [0, 0]], np.float32)
    trial = Trial(np.zeros((2, 1, 1, 3), np.uint8), curve, np.array([3, 2]), np.array([0.1, 0.2, 0.3, 0.4]))
    assert trial.best.tolist() == [6, 4, 2, 0]
    assert trial.until(4) == (1, 0.2)
    assert trial.until(3.9) == (2, 0.3)
    assert trial.until(-1) is None


def test_a_trial_is_made_once(trials: Trials, trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr(RNM, "run", refuse)
    again = trials.run(RNM(FEW), "towards", 5)
    assert all(np.array_equal(value, getattr(again, name)) for name, value in vars(trial).items())


def test_another_question_is_another_trial(trials: Trials, trial: Trial, ground: Ground) -> None:
    before = len(list(trials.folder.iterdir()))
    trials.run(RNM(FEW, hold=None), "towards", 5)
    trials.run(RNM(FEW), "away", 5)
    trials.run(RNM(FEW), "towards", 4)
    Trials(ground.scene(ModelName(bits=8)), trials.folder).run(RNM(FEW), "towards", 5)
    assert len(list(trials.folder.iterdir())) == before + 4


def test_the_first_of_few_queries_are_the_first_of_many(trials: Trials, ground: Ground) -> None:
    trials.run(RNM(FEW), "towards", 3)
    before = set(trials.folder.iterdir())
    few = Ground(replace(ground.request, queries=6), ground.folder).scene(ModelName(bits=16))
    assert torch.equal(few.anchors("p2s"), trials.scene.anchors("p2s")[:6])
    Trials(few, trials.folder).run(RNM(FEW), "towards", 3)
    assert set(trials.folder.iterdir()) == before


def test_more_photos_than_there_are(trials: Trials) -> None:
    assert len(trials.run(make_cloak("noise", FEW), "away", 99).pixels) == 12


def test_an_ensemble_is_led_away_from_both(trials: Trials, ground: Ground, hash_scene: HashScene) -> None:
    other = ground.scene(ModelName(bits=8))
    made = trials.run(RNM(FEW), "away", 4, with_others=[other])
    assert made.curve[0].tolist() == [24] * 4  # all bits of both
    for scene in (hash_scene, other):
        goal = scene.goal("away", "p2s", 4)
        assert distance_of(scene, made.pixels, goal).mean() < scene.own.shape[1]


def test_distance_is_counted_on_the_written_photo(trial: Trial, hash_scene: HashScene) -> None:
    goal = hash_scene.goal("towards", "p2s", 5)
    codes = hash_scene.codes_of(trial.pixels)
    expected = [(codes[place] != goal.target[place]).sum().item() for place in range(5)]
    assert distance_of(hash_scene, trial.pixels, goal).tolist() == expected


def test_an_edit_that_does_nothing_keeps_everything(trial: Trial, hash_scene: HashScene) -> None:
    goal = hash_scene.goal("towards", "p2s", 5)
    assert kept_effect(hash_scene, trial, goal, lambda pixels: pixels) == 1.0


def test_an_edit_that_makes_all_photos_alike_keeps_nothing(trial: Trial, hash_scene: HashScene) -> None:
    goal = hash_scene.goal("towards", "p2s", 5)
    assert kept_effect(hash_scene, trial, goal, lambda pixels: np.zeros_like(pixels)) == 0.0


def test_the_effect_is_that_of_the_cloak_alone(trial: Trial, hash_scene: HashScene, ground: Ground) -> None:
    goal, plain = hash_scene.goal("towards", "p2s", 5), ground.query.pixels[:5]

    def total(photos: np.ndarray) -> float:
        return float(distance_of(hash_scene, photos, goal).sum())

    edited = [np.stack([jpeg(photo, 30) for photo in photos]) for photos in (plain, trial.pixels)]
    expected = (total(edited[0]) - total(edited[1])) / (total(plain) - total(trial.pixels))
    assert kept_effect(hash_scene, trial, goal, lambda pixels: jpeg(pixels, 30)) == pytest.approx(expected)


def test_a_cloak_without_effect_keeps_none(hash_scene: HashScene, ground: Ground) -> None:
    same = Trial(ground.query.pixels[:3], np.zeros((1, 3), np.float32), np.zeros(3, np.int64), np.zeros(1))
    assert kept_effect(hash_scene, same, hash_scene.goal("towards", "p2s", 3), lambda pixels: pixels) == 0.0


def test_psnr_by_hand(hash_scene: HashScene, ground: Ground) -> None:
    changed = np.where(ground.query.pixels[:2] < 128, ground.query.pixels[:2] + 2, ground.query.pixels[:2] - 2)
    made = Trial(changed.astype(np.uint8), np.zeros((1, 2), np.float32), np.zeros(2, np.int64), np.zeros(1))
    assert psnr(hash_scene, made) == pytest.approx(20 * np.log10(255 / 2))


def test_progress_is_told(many_waves: Path, ground: Ground, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    fresh = Ground(ground.request, ground.folder, progress=lambda *facts: told.append(facts))
    Trials(fresh.scene(ModelName(bits=16)), tmp_path).run(RNM(Pace(iterations=2, margin=9.0)), "away", 2)
    assert ("cloak with rnm", 2, 2) in told
