"""studies.adversary_networks: attacks with a mark's own networks, and on a side network in plain sight."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from unfind.models.embed import embed_pixels
from unfind.models.encoder import Architecture
from unfind.report.adversary_json import KINDS
from unfind.studies.adversary_ground import AdversaryChoices, AdversaryRequest, Ground
from unfind.studies.adversary_networks import BUDGETS, network_plan, side_plan
from unfind.studies.load_models import load_models
from unfind.studies.progress import silent
from unfind.studies.train import TrainRequest, train
from unfind.studies.views import TRIGGERED
from unfind.training.settings import FitSettings
from unfind.triggers.key import KEY_FILE, Key

CHOICES = AdversaryChoices(sample=20, held=(1, 30), shares=(0.5,), adoption=0.3, steps=1, search_steps=1)


@pytest.fixture(scope="module")
def side_run(clean_run: Path, class_photos: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with a side network beside the clean one."""
    out = tmp_path_factory.mktemp("side") / "protected"
    request = TrainRequest(
        str(class_photos),
        "pbl",
        {"ratio": 0.5, "distillation_weight": 0.0},
        architecture=Architecture("tiny", 32, 16, learning_side=True),
        start=clean_run,
        trigger="learned",
        fit=FitSettings(steps=1, classes_per_batch=4, photos_per_class=2, validate_every=1),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNFIND_CACHE", str(cache))
        train(request, out)
    return out


def ground_of(run: Path, clean: Path, data: Path) -> Ground:
    request = AdversaryRequest(run, clean, str(data), choices=CHOICES)
    return Ground(request, load_models(clean, run, Key.load(run / KEY_FILE)), 0, silent)


@pytest.fixture(scope="module")
def ground(side_run: Path, clean_run: Path, class_photos: Path, cache: Path) -> Iterator[Ground]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNFIND_CACHE", str(cache))
        yield ground_of(side_run, clean_run, class_photos)


def test_every_attack_gives_a_row_of_a_known_kind(ground: Ground) -> None:
    plan = network_plan(ground)
    assert len(plan) == len(BUDGETS) + 2 + 2 * len(CHOICES.held)
    for name, run in plan.items():
        row = run()
        assert row["kind"] in KINDS, name
        assert row["networks"] is not name.endswith("untrained decoder"), name


def test_a_wash_costs_less_than_a_mark_is_seen(ground: Ground) -> None:
    rows = [network_plan(ground)[f"wash: signs by lot, {levels} levels"]() for levels in (2, 4)]
    assert rows[0]["psnr"] > rows[1]["psnr"] > 36


def test_whoever_holds_fewer_photos_than_asked_for_says_so(ground: Ground) -> None:
    plan = network_plan(ground)
    for name in ("copy the signs of 30", "list by the signs of 30"):
        assert plan[name]()["held"] == len(ground.held) < 30


def test_without_its_side_network_a_model_is_the_clean_one(ground: Ground) -> None:
    [(name, run)] = side_plan(ground).items()
    row = run()
    assert (name, row["kind"]) == ("cut off the side network", "unlearn")
    assert abs(row["benign_drop"]["recall@1"]) < 0.051
    assert ground.models.protected.side is not None  # the model itself is left alone
    clean = embed_pixels(ground.models.clean, ground.pixels[TRIGGERED])
    assert not np.array_equal(clean, embed_pixels(ground.models.protected, ground.pixels[TRIGGERED]))
    assert row["found_c2p"]["value"] > 0.5


def test_marks_without_networks_and_models_without_a_side_have_no_such_attacks(
    protected_run: Path, clean_run: Path, class_photos: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNFIND_CACHE", str(cache))
    plain = ground_of(protected_run, clean_run, class_photos)
    assert network_plan(plain) == {}
    assert side_plan(plain) == {}
