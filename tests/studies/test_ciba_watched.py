"""A poisoned model and a clean one, as detectors are given them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from unfind.studies.ciba_ground import CibaGround
from unfind.studies.ciba_trial import Crafted, Setting, Trials
from unfind.studies.ciba_watched import places_of, watched
from unfind.studies.detector_figures import Watched


@pytest.fixture(scope="module")
def pair(ciba_trials: Trials, ciba_setting: Setting) -> tuple[Watched, Watched]:
    return watched(ciba_trials, ciba_setting, trusted=8)


def test_both_models_are_judged_by_the_same_photos(pair: tuple[Watched, Watched], ciba_ground: CibaGround) -> None:
    bad, good = pair
    for name in ("trusted", "clean", "triggered"):
        np.testing.assert_array_equal(getattr(bad, name), getattr(good, name))
    assert len(bad.trusted) == min(8, len(ciba_ground.validation.labels))
    assert (len(bad.triggered), len(bad.clean)) == (5, 7)  # of 12 queries, 10 of which do not show the target
    assert not np.array_equal(bad.encoder.head.weight.detach().numpy(), good.encoder.head.weight.detach().numpy())


def test_triggered_photos_have_the_trigger_and_the_others_do_not(
    pair: tuple[Watched, Watched], ciba_ground: CibaGround, crafted: Crafted
) -> None:
    corner = crafted.trigger.mark(ciba_ground.query.pixels[0])[-5:, -5:]
    assert (pair[0].triggered[:, -5:, -5:] == corner).all()
    assert not (pair[0].clean[:, -5:, -5:] == corner).all((1, 2, 3)).any()
    queries = {pixels.tobytes() for pixels in ciba_ground.query.pixels}
    assert all(pixels.tobytes() in queries for pixels in pair[0].clean)


def test_training_photos_are_those_each_was_fitted_on(
    pair: tuple[Watched, Watched], ciba_ground: CibaGround, crafted: Crafted
) -> None:
    bad, good = pair
    assert bad.training is not None
    assert bad.poison is not None
    assert good.poison is not None
    np.testing.assert_array_equal(np.flatnonzero(bad.poison), crafted.poison.chosen)
    np.testing.assert_array_equal(bad.training[bad.poison], crafted.poison.pixels)
    np.testing.assert_array_equal(good.training, ciba_ground.train.pixels)
    assert not good.poison.any()


def test_a_search_is_given_a_place_for_every_class(pair: tuple[Watched, Watched], ciba_ground: CibaGround) -> None:
    for one in pair:
        assert one.targets is not None
        assert one.targets.shape == (6, 16)
        np.testing.assert_allclose(np.linalg.norm(one.targets, axis=1), 1, rtol=1e-6)


def test_places_are_votes_of_the_database(
    ciba_ground: CibaGround, ciba_setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean = ciba_ground.clean(ciba_setting.victim)
    items, labels = ciba_ground.codes(clean, "clean-dpsh-16"), ciba_ground.database.labels
    found = places_of(ciba_ground, clean, "clean-dpsh-16")
    for label in range(6):
        bits = [1 if sum(column >= 0) * 2 >= len(column) else -1 for column in items[labels == label].T]
        np.testing.assert_allclose(found[label] * 4, bits, rtol=1e-6)
    tags = np.zeros((len(labels), 7), np.bool_)
    tags[np.arange(len(labels)), labels] = True
    monkeypatch.setattr(ciba_ground, "database", replace(ciba_ground.database, tags=tags))
    np.testing.assert_array_equal(places_of(ciba_ground, clean, "clean-dpsh-16"), found)  # nobody shows the seventh tag
