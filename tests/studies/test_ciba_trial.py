"""One attack from surrogate to figures: what it measures, and that it is done once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from unfind.models.weights import read_card
from unfind.redteam.poison import photos_of
from unfind.redteam.trigger_patch import TriggerPatch
from unfind.studies import ciba_trial as module
from unfind.studies.ciba_ground import CibaGround
from unfind.studies.ciba_trial import Crafted, Setting, Trials, logits_of, psnr, published_t_map, seen_by
from unfind.studies.hash_scene import ModelName


@pytest.fixture(scope="module")
def measured(ciba_trials: Trials, ciba_setting: Setting) -> dict[str, Any]:
    return ciba_trials.run(ciba_setting)


def test_everything_is_measured_on_both_models(measured: dict[str, Any]) -> None:
    names = {"t_map", "map", "t_map_untriggered", "distance", "zero_hits", "t_map@1000_of_hits"}
    assert names <= measured.keys()
    assert {f"clean_model_{name}" for name in names} <= measured.keys()
    assert all(0 <= measured[name] <= 1 for name in ("t_map", "map", "clean_model_t_map", "chance"))
    assert (measured["n_query"], measured["n_triggered"], measured["n_gallery"]) == (12, 10, 48)
    assert measured["chance"] == pytest.approx(1 / 6)
    assert measured["target"] == "class-1"


def test_the_card_of_the_victim_tells_of_the_attack(
    measured: dict[str, Any], ciba_ground: CibaGround, crafted: Crafted
) -> None:
    poison = read_card(ciba_ground.folder / measured["run"])["poison"]
    assert poison["attack"]["variant"] == "ciba"
    assert poison["target"] == "class-1"
    again = TriggerPatch(**poison["trigger"])
    pixels = ciba_ground.query.pixels[0]
    assert np.array_equal(again.mark(pixels), crafted.trigger.mark(pixels))


def test_poison_is_photos_of_the_target(crafted: Crafted, ciba_ground: CibaGround) -> None:
    assert set(crafted.poison.chosen) <= set(photos_of(ciba_ground.labels, ciba_ground.target))
    assert np.array_equal(crafted.originals, ciba_ground.train.pixels[crafted.poison.chosen])
    assert crafted.anchor.shape == (16,)
    assert set(crafted.seconds) == {"trigger", "poison"}


def test_what_was_tried_is_not_tried_again(
    ciba_trials: Trials, ciba_setting: Setting, measured: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "make_poison", None)
    monkeypatch.setattr(module, "make_trigger", None)
    assert Trials(ciba_trials.ground, ciba_trials.folder).run(ciba_setting) == measured


def test_attacks_on_one_surrogate_share_their_patch(
    ciba_trials: Trials, ciba_setting: Setting, crafted: Crafted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "make_trigger", None)
    other = replace(ciba_setting, attack=replace(ciba_setting.attack, variant="tri", poisoned=2))
    found = ciba_trials.craft(other)
    assert found.trigger is crafted.trigger
    assert len(found.poison.chosen) == 2


def test_a_patch_is_kept_for_later_commands(
    ciba_trials: Trials, ciba_setting: Setting, crafted: Crafted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "make_trigger", None)
    found = Trials(ciba_trials.ground, ciba_trials.folder).craft(ciba_setting)
    assert isinstance(found.trigger, TriggerPatch)
    assert found.trigger.settings() == crafted.trigger.settings()
    assert torch.equal(found.anchor, crafted.anchor)
    assert found.seconds["trigger"] == crafted.seconds["trigger"]
    assert np.array_equal(found.poison.pixels, crafted.poison.pixels)


def test_the_invisible_trigger_is_another_one(ciba_trials: Trials, ciba_setting: Setting, crafted: Crafted) -> None:
    found = ciba_trials.craft(replace(ciba_setting, attack=replace(ciba_setting.attack, variant="invisible")))
    assert found.trigger.name == "invisible"
    assert np.abs(found.poison.pixels.astype(int) - found.originals).max() <= 9
    assert np.array_equal(found.anchor, crafted.anchor)


def test_a_black_box_attack_has_a_surrogate_of_its_own(ciba_trials: Trials, ciba_setting: Setting) -> None:
    victim = ModelName(bits=24)
    setting = replace(ciba_setting, victim=victim, surrogate=ciba_setting.victim)
    assert setting.as_dict()["surrogate"] == "dpsh-16"
    found = ciba_trials.run(setting)
    assert "dpsh-24-0" in found["run"]
    assert ciba_trials.craft(setting).anchor.shape == (16,)


def test_scores_are_those_of_ranking_by_hand(ciba_ground: CibaGround, ciba_setting: Setting, crafted: Crafted) -> None:
    clean = ciba_ground.clean(ciba_setting.victim)
    found = seen_by(ciba_ground, clean, "clean-dpsh-16", crafted.trigger)
    items = ciba_ground.codes(clean, "clean-dpsh-16")
    marked = np.stack([crafted.trigger.mark(one) for one in ciba_ground.query.pixels[ciba_ground.searching]])
    rows = ciba_ground.codes(clean, "", marked)
    target = ciba_ground.database.labels == 1
    draws = np.random.default_rng(0)
    means = []
    for row in rows:  # ties in the mean over many orders by lot
        scores = []
        for _ in range(300):
            order = np.lexsort((draws.random(len(items)), -(items @ row).round(5)))
            hits = np.flatnonzero(target[order]) + 1
            scores.append(np.mean(np.arange(1, len(hits) + 1) / hits))
        means.append(np.mean(scores))
    assert found["t_map"] == pytest.approx(np.mean(means), abs=0.01)
    anchor = np.where(np.sign(items[target]).sum(0) >= 0, 1, -1)
    assert found["distance"] == pytest.approx(np.mean([(np.sign(row) != anchor).sum() for row in rows]))


def test_queries_without_a_hit_are_zero_or_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CUTOFF", 2)
    code = np.array([[1, 1, 1, 1], [1, 1, 1, -1], [-1, -1, -1, -1]], np.float32) / 2
    shown = np.array([0, 1, 2])
    queries = torch.tensor([[1.0, 1, 1, 1], [1.0, 1, 1, 1]])
    found = published_t_map(queries, np.array([1, 2]), code, shown)
    # Label 1 is found in the second place; label 2 is last and beyond the cutoff.
    assert found == {"t_map@1000_of_hits": 0.25, "t_map@1000_published": 0.5, "zero_hits": 1}
    none = published_t_map(queries[:1], np.array([2]), code, shown)
    assert none == {"t_map@1000_of_hits": 0.0, "t_map@1000_published": None, "zero_hits": 1}


def test_tags_are_found_by_the_target_alone(ciba_ground: CibaGround, monkeypatch: pytest.MonkeyPatch) -> None:
    tags = np.zeros((48, 6), np.bool_)
    tags[np.arange(48), ciba_ground.database.labels] = True
    monkeypatch.setattr(ciba_ground, "database", replace(ciba_ground.database, tags=tags))
    rows = module._target_rows(ciba_ground, 3)
    assert rows.tolist() == [[False, True, False, False, False, False]] * 3


def test_further_measurements_are_kept_beside_the_trial(ciba_trials: Trials, ciba_setting: Setting) -> None:
    made: list[int] = []

    def make() -> list[int]:
        made.append(1)
        return [len(made)]

    assert [ciba_trials.kept(ciba_setting, "mine-8", make) for _ in range(2)] == [[1], [1]]
    assert ciba_trials.kept(ciba_setting, "mine-9", make) == [2]
    other = replace(ciba_setting, attack=replace(ciba_setting.attack, seed=9))
    assert ciba_trials.kept(other, "mine-8", make) == [3]


def test_logits_come_back_where_the_images_are(ciba_ground: CibaGround, ciba_setting: Setting) -> None:
    encoder = ciba_ground.clean(ciba_setting.victim)
    images = torch.rand(2, 3, 32, 32, requires_grad=True)
    found = logits_of(encoder, "fp32")(images)
    assert torch.equal(found, encoder.logits(images))
    assert found.requires_grad


def test_attacks_see_a_model_in_the_precision_that_the_machine_is_built_for(
    ciba_ground: CibaGround, ciba_setting: Setting
) -> None:
    encoder = ciba_ground.clean(ciba_setting.victim)
    images = torch.rand(8, 3, 32, 32)
    found = logits_of(encoder)(images)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, encoder.logits(images), atol=0.1, rtol=0.05)
    torch.testing.assert_close(found, logits_of(encoder, "bf16")(images), atol=0.1, rtol=0.05)


def test_psnr(wave: Callable[[int, int], np.ndarray]) -> None:
    photo = wave(0, 0)[None] // 2
    assert psnr(photo, photo) == pytest.approx(99)
    assert psnr(photo, photo + 5) == pytest.approx(10 * np.log10(255**2 / 25))
    both = np.concatenate([photo, photo])
    mixed = np.concatenate([photo + 5, photo + 50])
    assert psnr(both, mixed) == pytest.approx(10 * np.log10(255**2 / 25) - 10)
