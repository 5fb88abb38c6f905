"""The ground of cloak experiments: its photos, its models, its targets, its scores."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from unfind.cloaks.aim import vote
from unfind.errors import DataError
from unfind.models.encoder import Architecture
from unfind.models.weights import fingerprint_of, read_card
from unfind.studies.bench_hashing import FIT
from unfind.studies.hash_scene import (
    FEW_OF_MANY,
    Ground,
    GroundRequest,
    HashScene,
    ModelName,
    draw_targets,
    hashing_split,
    mean_precision,
)


def test_photos_without_a_database_are_dealt_anew(many_waves: Path) -> None:
    name, split = hashing_split(str(many_waves))
    assert name == f"hash:{many_waves}"
    assert split.gallery is not None
    assert set(split.test.labels) <= set(split.train.labels)
    assert hashing_split(name)[0] == name


def test_a_model_is_named_by_what_tells_it_apart() -> None:
    assert ModelName().name == "dpsh-48"
    assert ModelName(16, "hashnet").name == "hashnet-16"
    assert ModelName(backbone="torchvision:resnet50").name == "dpsh-48-torchvision-resnet50"
    assert ModelName(backbone="some/where/net.py:load").name == "dpsh-48-net-load"


def test_fits_are_those_of_the_hashing_bench(ground: Ground, tmp_path: Path) -> None:
    wanted = ground.fit_of(ModelName(24, "csq", "small-vgg"))
    assert (wanted.data, wanted.objective) == (ground.data, "csq")
    assert wanted.architecture == Architecture("small-vgg", 32, 24, head="hash")
    assert wanted.fit == replace(FEW_OF_MANY, steps=3, validate_every=3, seed=0)
    assert replace(FIT, classes_per_batch=30, photos_per_class=3) == FEW_OF_MANY


def test_a_model_is_fitted_once(ground: Ground, hash_scene: HashScene, hash_runs: Path) -> None:
    assert ground.scene(ModelName(bits=16)) is hash_scene
    card = read_card(hash_runs / "dpsh-16-0")
    assert fingerprint_of(card) == hash_scene.fingerprint
    assert not any(parameter.requires_grad for parameter in hash_scene.encoder.parameters())


def test_another_ground_over_the_same_folder_takes_the_same_models(
    ground: Ground, hash_scene: HashScene, hash_runs: Path
) -> None:
    again = Ground(replace(ground.request, queries=3), hash_runs)
    assert again.scene(ModelName(bits=16)).fingerprint == hash_scene.fingerprint
    assert np.array_equal(again.query.pixels, ground.query.pixels[:3])


def test_codes_are_signs_of_the_logits(hash_scene: HashScene) -> None:
    with torch.no_grad():
        logits = hash_scene.victim(hash_scene.images)
    assert torch.equal(hash_scene.own, torch.where(logits >= 0, 1.0, -1.0))


def test_targets_show_something_else(ground: Ground) -> None:
    assert len(ground.targets) == len(ground.query.labels) == 12
    assert (ground.database.labels[ground.targets] != ground.query.labels).all()
    assert np.array_equal(ground.target_labels, ground.database.labels[ground.targets])


def test_targets_of_tagged_photos_share_no_tag() -> None:
    items = np.array([[1, 1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]], np.bool_)
    queries = np.array([[1, 0, 0], [0, 1, 0]], np.bool_)
    targets = draw_targets(queries, items, np.array([0, 1, 2, 2]), seed=0)
    assert not (items[targets] & queries).any()


def test_a_query_to_which_all_is_relevant_has_no_target() -> None:
    with pytest.raises(DataError, match="something else than a query"):
        draw_targets(np.array([0]), np.array([0, 0]), np.array([0, 0]), seed=0)


def test_a_target_code_is_voted_for_by_photos_of_the_target(hash_scene: HashScene, ground: Ground) -> None:
    anchors = hash_scene.anchors("p2s")
    for place, target in enumerate(ground.targets):
        # Eight photos of each class are in the database, so all of them vote.
        alike = np.flatnonzero(ground.database.labels == ground.database.labels[target])
        codes = torch.from_numpy(np.where(hash_scene.items[alike] >= 0, 1.0, -1.0)).float()
        assert torch.equal(anchors[place], vote(codes))
    singles = hash_scene.anchors("p2p")
    items = torch.from_numpy(np.where(hash_scene.items >= 0, 1.0, -1.0)).float()
    assert all(bool((items == code).all(1).any()) for code in singles)


def test_goals(hash_scene: HashScene) -> None:
    away = hash_scene.goal("away", "p2s", 5)
    assert away.away
    assert torch.equal(away.target, -hash_scene.own[:5])
    assert away.others is None
    others = hash_scene.goal("away", "p2s", 5, centres=True).others
    assert others is not None
    assert others.shape == (5, 6, 16)
    assert torch.equal(hash_scene.goal("towards", "p2s", 4).target, hash_scene.anchors("p2s")[:4])


def test_votes_are_some_for_every_class(hash_scene: HashScene) -> None:
    votes = hash_scene.votes(2, seed=5)
    assert votes.shape == (12, 16)
    assert torch.equal(votes[0], hash_scene.centres[0])  # all photos of a class vote, as there are fewer than nine


def test_scores_are_those_of_a_ranking_by_hand() -> None:
    items = np.array([[1, 1], [1, 1], [1, -1], [-1, -1]], np.float32) / np.sqrt(2, dtype=np.float32)
    codes = torch.tensor([[1.0, 1.0]])
    # Items 0 and 1 tie and one of them is relevant, as is the last: mean of (1 + 2/4)/2 and (1/2 + 2/4)/2.
    found = mean_precision(codes, np.array([7]), items, np.array([7, 0, 0, 7]))
    assert found == pytest.approx(((1 + 0.5) / 2 + (0.5 + 0.5) / 2) / 2)


def test_perfect_and_worst_queries(hash_scene: HashScene, ground: Ground) -> None:
    assert hash_scene.chance(12) == pytest.approx(8 / 48)
    assert 0.08 < hash_scene.floor(12) < hash_scene.chance(12)
    assert hash_scene.floor(12) <= hash_scene.map(hash_scene.own) <= 1
    assert hash_scene.t_map(hash_scene.anchors("p2s")) > hash_scene.t_map(hash_scene.own)


def test_no_database_is_refused(ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    split = replace(ground.split, gallery=None)
    monkeypatch.setattr("unfind.studies.hash_scene.hashing_split", lambda data: (data, split))
    with pytest.raises(DataError, match="hash:"):
        Ground(GroundRequest("x", Architecture("tiny", size=32)), tmp_path)
