"""studies.adversary_ground: what the adversary is given, and how its gains are counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from unfind.errors import UsageError
from unfind.models.embed import embed_pixels
from unfind.studies.adversary_ground import AdversaryChoices, AdversaryRequest, Ground, mean_psnr
from unfind.studies.load_models import load_models
from unfind.studies.progress import silent
from unfind.studies.views import PLAIN, TRIGGERED
from unfind.triggers.key import KEY_FILE, Key

CHOICES = AdversaryChoices(sample=20, held=(1, 4), shares=(0.5,), adoption=0.3, steps=1, search_steps=1)


@pytest.fixture(scope="module")
def ground(class_photos: Path, protected_run: Path, clean_run: Path, cache: Path) -> Iterator[Ground]:
    request = AdversaryRequest(protected_run, clean_run, str(class_photos), choices=CHOICES)
    models = load_models(clean_run, protected_run, Key.load(protected_run / KEY_FILE))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNFIND_CACHE", str(cache))
        yield Ground(request, models, 0, silent)


def test_the_held_photos_are_protected_and_of_other_classes(ground: Ground) -> None:
    assert ground.held.shape == (4, 32, 32, 3)
    attacked = {photo.tobytes() for photo in ground.pixels[TRIGGERED]}
    assert not attacked & {photo.tobytes() for photo in ground.held}
    assert not set(ground.split.validation.labels.tolist()) & set(ground.labels.tolist())


def test_clean_photos_come_from_training_alone(ground: Ground) -> None:
    photos = ground.clean_photos(0.5)
    assert set(photos.labels.tolist()) <= set(ground.split.train.labels.tolist())
    assert 2 <= len(photos.pixels) <= len(ground.split.train)


def test_nothing_is_gained_by_doing_nothing(ground: Ground) -> None:
    gains = ground.gains(ground.models.protected, ground.pixels[PLAIN], ground.pixels[TRIGGERED])
    assert gains["benign_drop"] == {"recall@1": 0.0, "map_r": 0.0}
    for name in ("found_c2p", "found_p2c"):
        assert gains[name]["low"] <= gains[name]["value"] <= gains[name]["high"]


def test_taking_the_mark_off_entirely_finds_what_ordinary_search_finds(ground: Ground) -> None:
    gains = ground.gains(ground.models.clean, ground.pixels[PLAIN], ground.pixels[PLAIN])
    assert gains["found_c2p"]["value"] == pytest.approx(1.0)
    assert gains["found_p2c"]["value"] == pytest.approx(1.0)


def test_a_washed_query_is_searched_among_photos_as_they_were(ground: Ground) -> None:
    black = np.zeros_like(ground.pixels[PLAIN])
    black[:, 0, 0, 0] = np.arange(len(black))
    both = ground.gains(ground.models.protected, black, ground.pixels[PLAIN])
    query = ground.gains(ground.models.protected, black, ground.pixels[PLAIN], query_alone=True)
    assert both["found_c2p"] == query["found_c2p"]
    ordinary = ground.protected_before.value("map_r") / ground.before.value("map_r")
    assert query["found_p2c"]["value"] == pytest.approx(ordinary)
    assert query["benign_drop"] == both["benign_drop"]


def test_rows_kept_are_those_of_the_protected_model(ground: Ground) -> None:
    np.testing.assert_array_equal(ground.rows, embed_pixels(ground.models.protected, ground.pixels[PLAIN]))


def test_psnr_is_a_mean_over_photos() -> None:
    before = np.full((2, 16, 16, 3), 100, np.uint8)
    after = before.copy()
    after[0] += 10
    assert mean_psnr(before, after) == pytest.approx((20 * np.log10(255 / 10) + 99) / 2, abs=1e-3)


@pytest.mark.parametrize(
    "wrong",
    [{"sample": 19}, {"steps": 0}, {"held": ()}, {"held": (0,)}, {"shares": (0.0,)}, {"shares": ()}, {"adoption": 1.0}],
)
def test_impossible_choices_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="Expected"):
        AdversaryChoices(**wrong)  # type: ignore[arg-type]


def test_quick_keeps_what_the_adversary_has() -> None:
    quick = AdversaryChoices(seed=2, held=(5,)).quick()
    assert (quick.seed, quick.held, quick.sample) == (2, (5,), 120)
    settings = AdversaryRequest(Path("a"), Path("b"), "d", choices=quick).settings(("1", "2"))
    assert settings["choices"]["held"] == [5]
