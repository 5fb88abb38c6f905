"""studies.adversary: what each attack does, one by one, where it can be checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from unfind.models.embed import to_tensor
from unfind.redteam.mark_estimate import loudness_of_pattern
from unfind.report.adversary_json import KINDS
from unfind.studies import adversary as study
from unfind.studies.adversary_ground import AdversaryChoices, AdversaryRequest, Ground
from unfind.studies.load_models import load_models
from unfind.studies.progress import silent
from unfind.studies.views import PLAIN, TRIGGERED
from unfind.triggers.badnets import BadNets
from unfind.triggers.key import KEY_FILE, Key

CHOICES = AdversaryChoices(sample=20, held=(1, 30), shares=(0.5,), adoption=0.3, steps=1, search_steps=1)


@pytest.fixture(scope="module")
def ground(class_photos: Path, protected_run: Path, clean_run: Path, cache: Path) -> Iterator[Ground]:
    request = AdversaryRequest(protected_run, clean_run, str(class_photos), choices=CHOICES)
    models = load_models(clean_run, protected_run, Key.load(protected_run / KEY_FILE))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNFIND_CACHE", str(cache))
        yield Ground(request, models, 0, silent)


def test_the_plan_holds_every_kind_for_everything_held(ground: Ground) -> None:
    names = list(study._plan(ground))
    assert len(names) == len(set(names))
    assert names[0] == "none"
    for wanted in ("estimate the mark from 30", "list by likeness to 1", "finetune 1 steps, 50 % clean data"):
        assert wanted in names
    assert len({study._file_name(name) for name in names}) == len(names)


def test_kinds_are_those_of_the_schema(ground: Ground) -> None:
    assert study._none(ground)["kind"] in KINDS
    assert study._list_smoothed(ground)["kind"] in KINDS


def test_a_gallery_is_mixed_as_adopted(ground: Ground) -> None:
    pixels, protected = ground.gallery()
    assert protected.sum() == 6
    np.testing.assert_array_equal(pixels[protected], ground.pixels[TRIGGERED][protected])
    np.testing.assert_array_equal(pixels[~protected], ground.pixels[PLAIN][~protected])


def test_whoever_holds_fewer_photos_says_so(ground: Ground) -> None:
    row = study._list_near(ground, 30)
    assert row["held"] == len(ground.held) < 30
    assert row["listing"]["share"] == 0.3


def test_estimates_say_how_like_the_mark_they_are(ground: Ground) -> None:
    row = study._estimate(ground, 30)
    assert -1 <= row["likeness"] <= 1
    assert row["psnr"] > 15
    assert study._forge(ground, 1)["kind"] == "forge"


def test_a_mark_that_is_no_pattern_has_no_likeness(ground: Ground) -> None:
    assert study._likeness(BadNets(), study._pattern(ground.held[:1])) is None


def test_washing_costs_and_needs_nothing(ground: Ground) -> None:
    row = study._wash(ground, lambda photo: photo, 0.0)
    none = study._none(ground)
    assert row["psnr"] == 99
    assert row["found_c2p"] == none["found_c2p"]
    assert row["benign_drop"]["recall@1"] == 0


def test_a_photo_loses_its_own_strongest_waves(ground: Ground) -> None:
    photo = ground.pixels[TRIGGERED][0]
    done = study._without_own_waves(photo)
    assert done.shape == photo.shape
    pattern = study._pattern(photo[None])
    before, after = (float(loudness_of_pattern(to_tensor(one[None]), pattern)) for one in (photo, done))
    assert abs(after) < 0.5 * before


def test_searches_are_the_same_again(ground: Ground) -> None:
    one, two = (study._inverted(ground, 0.5).pattern for _ in range(2))
    assert study._change(ground, 0.5) is study._change(ground, 0.5)
    np.testing.assert_array_equal(one.numpy(), two.numpy())
    forged = study._invert(ground, 0.5)
    assert forged["psnr"] > 30


def test_unlearning_leaves_the_protected_model_alone(ground: Ground) -> None:
    before = {name: value.clone() for name, value in ground.models.protected.state_dict().items()}
    row = study._unlearn(ground, "finetune", {"steps": 1, "learning_rate": 0.1}, 0.5)
    assert row["kind"] == "unlearn"
    for name, value in ground.models.protected.state_dict().items():
        assert value.equal(before[name])


def test_rows_are_filled_up_and_timed() -> None:
    row = study._timed("x", lambda: {"kind": "none", "held": 3})
    assert (row["attack"], row["held"], row["share"]) == ("x", 3, 0.0)
    assert row["seconds"] >= 0
    assert row["listing"] is None


def test_shares_are_told_in_per_cent() -> None:
    assert study._share(0.01) == "1 % clean data"
    assert replace(CHOICES, shares=(0.1,)).shares == (0.1,)
