"""The ground of attacks: its photos, its target, its models."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unfind.datasets.photo_set import PhotoSet, by_tags
from unfind.datasets.split import Split
from unfind.errors import DataError, ModelError, UsageError
from unfind.models.weights import load_encoder, read_card
from unfind.redteam.poison import Poison
from unfind.studies.ciba_ground import CibaGround, CibaRequest, digest_of, loaded, photos_digest, target_of, widened
from unfind.studies.ciba_trial import Crafted
from unfind.studies.hash_scene import HashScene, ModelName, hashing_split
from unfind.training.batches import Examples

HOME = ModelName(bits=16)


@pytest.fixture
def dealt(many_waves: Path) -> Split:
    return hashing_split(str(many_waves))[1]


def test_training_photos_are_widened_from_the_database(dealt: Split) -> None:
    assert widened(dealt, 3) is dealt.train
    assert dealt.gallery is not None
    spare = set(dealt.gallery.files) - set(dealt.train.files) - set(dealt.validation.files)
    smaller = dealt.train.subset(np.arange(0, len(dealt.train), 2))
    split = Split(smaller, dealt.validation, dealt.test, dealt.gallery)
    wider = widened(split, len(smaller) + 5)
    assert len(wider) == len(smaller) + 5
    assert set(smaller.files) < set(wider.files)
    assert not set(wider.files) & (set(dealt.validation.files) | set(dealt.test.files))
    everything = widened(split, 10**6)
    assert set(everything.files) == set(smaller.files) | spare | (set(dealt.train.files) - set(smaller.files))
    assert wider.files == widened(split, len(smaller) + 5).files
    for file, label in zip(wider.files, wider.labels, strict=True):
        assert label == dealt.gallery.labels[dealt.gallery.files.index(file)]


def test_without_a_database_there_is_nothing_to_widen_from(dealt: Split) -> None:
    with pytest.raises(DataError, match="Expected a database"):
        widened(replace(dealt, gallery=None), 100)


def test_training_photos_outside_the_database_stay_alone(dealt: Split) -> None:
    assert dealt.gallery is not None
    outside = np.array([place for place, file in enumerate(dealt.gallery.files) if file != dealt.train.files[0]])
    split = replace(dealt, gallery=dealt.gallery.subset(outside))
    assert widened(split, 10**6) is dealt.train


def test_a_target_by_name_or_by_lot(dealt: Split) -> None:
    labels = dealt.train.labels
    assert target_of(dealt.train, labels, "class-4", seed=0) == 4
    drawn = {target_of(dealt.train, labels, None, seed=seed) for seed in range(20)}
    assert drawn <= set(range(6))
    assert len(drawn) > 2
    with pytest.raises(UsageError, match=r"target out of class-0, class-1.*got 'class-9'"):
        target_of(dealt.train, labels, "class-9", seed=0)


def test_a_tag_can_be_the_target() -> None:
    tags = np.array([[1, 0, 1], [1, 1, 0], [0, 1, 0]], np.bool_)
    photos: PhotoSet = by_tags("x", ("a", "b", "c"), tags, ("sky", "sea", "sand"), lambda file: b"")
    assert target_of(photos, tags, "sea", seed=0) == 1
    with pytest.raises(UsageError, match="sand"):  # a single photo is none to poison
        target_of(photos, tags, "sand", seed=0)


def test_only_other_queries_carry_the_trigger(ciba_ground: CibaGround) -> None:
    shown = ciba_ground.query.labels[ciba_ground.searching]
    assert ciba_ground.target_name == "class-1"
    assert set(shown) == {0, 2, 3, 4, 5}
    assert len(ciba_ground.of_target) == int((ciba_ground.labels == 1).sum())
    assert len(ciba_ground.shown) == len(ciba_ground.train.labels)


def test_queries_and_database_are_at_most_so_many(ciba_ground: CibaGround, tmp_path: Path) -> None:
    few = CibaGround(replace(ciba_ground.request, queries=5, database=7), tmp_path)
    assert (len(few.query.labels), len(few.database.labels)) == (5, 7)


def test_the_surrogate_is_another_fit_unless_the_seed_is_shared(ciba_ground: CibaGround) -> None:
    clean, surrogate = ciba_ground.clean(HOME), ciba_ground.surrogate(HOME)
    assert not np.array_equal(clean.head.weight.detach().numpy(), surrogate.head.weight.detach().numpy())
    shared = CibaGround(replace(ciba_ground.request, shared_seed=True), ciba_ground.folder)
    again = shared.surrogate(HOME)
    assert np.array_equal(clean.head.weight.detach().numpy(), again.head.weight.detach().numpy())
    assert {path.name for path in ciba_ground.folder.iterdir()} >= {"clean-dpsh-16-0", "clean-dpsh-16-1"}


def test_the_surrogate_of_one_seed_is_the_clean_model_of_the_next(ciba_ground: CibaGround) -> None:
    surrogate = ciba_ground.surrogate(HOME)
    following = CibaGround(replace(ciba_ground.request, seed=1), ciba_ground.folder)
    assert np.array_equal(following.clean(HOME).head.weight.detach().numpy(), surrogate.head.weight.detach().numpy())


def test_a_surrogate_can_be_given(
    ciba_ground: CibaGround, hash_scene: HashScene, hash_runs: Path, clean_run: Path
) -> None:
    given = hash_runs / "dpsh-16-0"
    ground = CibaGround(replace(ciba_ground.request, surrogate=given), ciba_ground.folder)
    pixels = ground.query.pixels[:4]
    found, wanted = (ground.codes(model, "x", pixels) for model in (ground.surrogate(HOME), hash_scene.encoder))
    assert np.array_equal(found, wanted)
    assert ground.request.as_dict()["surrogate"] == hash_scene.fingerprint
    assert ciba_ground.request.as_dict()["surrogate"] is None
    with pytest.raises(ModelError, match="Expected a hash model for images of 32 pixels"):
        loaded(clean_run, ground.request.architecture)


def test_a_victim_is_a_model_folder_like_any_other(ciba_ground: CibaGround, crafted: Crafted) -> None:
    facts: dict[str, Any] = {"target": "class-1"}
    few = Poison(crafted.poison.chosen[:2], crafted.poison.pixels[:2])
    victim, path = ciba_ground.victim(HOME, few, facts)
    encoder, card = load_encoder(path)
    assert card["poison"] == facts
    assert read_card(ciba_ground.folder / "clean-dpsh-16-0")["poison"] is None
    pixels = ciba_ground.query.pixels[:3]
    assert np.array_equal(ciba_ground.codes(victim, "x", pixels), ciba_ground.codes(encoder, "x", pixels))
    clean = ciba_ground.clean(HOME)
    assert not np.array_equal(clean.head.weight.detach().numpy(), victim.head.weight.detach().numpy())


def test_codes_of_the_database_are_made_once(ciba_ground: CibaGround) -> None:
    first = ciba_ground.codes(ciba_ground.clean(HOME), "clean-dpsh-16")
    assert ciba_ground.codes(ciba_ground.clean(HOME), "clean-dpsh-16") is first
    assert first.shape == (len(ciba_ground.database.labels), 16)


def test_folders_of_the_models_that_an_attack_needs(ciba_ground: CibaGround) -> None:
    ciba_ground.clean(HOME)
    own, attackers = ciba_ground.paths(HOME, ModelName(24))
    assert (own.name, attackers.name) == ("clean-dpsh-16-0", "clean-dpsh-24-1")
    assert ciba_ground.paths(None, HOME) == [ciba_ground.folder / "clean-dpsh-16-1"]
    assert ciba_ground.fitted(own)
    assert not ciba_ground.fitted(ciba_ground.folder / "clean-dpsh-48-9")


def test_a_surrogate_that_is_given_needs_no_fit(ciba_ground: CibaGround, tmp_path: Path) -> None:
    given = replace(ciba_ground.request, surrogate=tmp_path)
    ground = CibaGround(given, tmp_path)
    assert [path.name for path in ground.paths(HOME, HOME)] == ["clean-dpsh-16-0"]


def test_a_model_that_is_no_plain_hash_model(ciba_ground: CibaGround) -> None:
    for objective in ("private-dpsh", "clean"):
        with pytest.raises(UsageError, match="hash model without a trigger"):
            ciba_ground.clean(ModelName(16, objective))


def test_digests_tell_everything_apart(examples_of_two: Examples) -> None:
    poison = Poison(np.array([1]), np.zeros((1, 4, 4, 3), np.uint8))
    others = [
        Poison(np.array([0]), poison.pixels),
        Poison(poison.chosen, poison.pixels + 1),
        Poison(poison.chosen, poison.pixels, poison.pixels),
    ]
    assert len({digest_of(one) for one in (poison, *others)}) == 4
    variants = [
        examples_of_two,
        replace(examples_of_two, labels=np.array([1, 1])),
        replace(examples_of_two, pixels=examples_of_two.pixels + 1),
        replace(examples_of_two, mirrored={0: examples_of_two.pixels[0]}),
    ]
    assert len({photos_digest(one) for one in variants}) == 4


@pytest.fixture
def examples_of_two() -> Examples:
    return Examples(np.zeros((2, 4, 4, 3), np.uint8), np.array([0, 1]))


@pytest.mark.parametrize("wrong", [{"photos": 0}, {"queries": 0}, {"database": 0}])
def test_wrong_numbers(wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="at least 1"):
        CibaRequest("x", **wrong)  # type: ignore[arg-type]
