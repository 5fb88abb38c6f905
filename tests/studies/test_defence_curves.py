"""Curves of defences, beside direct calls on the same photos."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from unfind.datasets.split import Split
from unfind.defences.base import CleanPhotos
from unfind.defences.choose import FILTERS, MODEL_DEFENCES, make_defence, make_filter
from unfind.errors import UsageError
from unfind.evaluation.tasks import Options, four_tasks, one_task
from unfind.models.embed import embed_pixels
from unfind.studies.defence_curves import METRICS, NONE, PRIVATE, Trial, defence_curves, filtered, trials
from unfind.studies.evaluate import Models
from unfind.studies.material import prepare
from unfind.studies.views import PLAIN, TRIGGERED, Recipe, Views, make_views

WANTED = [Trial("median", 3), Trial("prune", 0.3), Trial("finetune", 1, {"learning_rate": 1e-3})]
OPTIONS = Options(resamples=20)


@pytest.fixture(scope="module")
def views(split: Split, models: Models) -> Views:
    return make_views(split.test, Recipe(32, models.trigger))


@pytest.fixture(scope="module")
def clean_photos(split: Split) -> CleanPhotos:
    examples = prepare(split.train, 32).examples
    return CleanPhotos(examples.pixels, examples.labels)


@pytest.fixture(scope="module")
def rows(models: Models, views: Views, clean_photos: CleanPhotos) -> list[dict[str, Any]]:
    return defence_curves(models, views, clean_photos, WANTED)


def test_a_row_without_a_defence_and_one_for_each_point(rows: list[dict[str, Any]]) -> None:
    assert [(row["defence"], row["knob"], row["value"]) for row in rows] == [
        (NONE, None, None),
        ("median", "size", 3),
        ("prune", "fraction", 0.3),
        ("finetune", "steps", 1),
    ]


def test_without_a_defence_the_tasks_are_those_of_the_models(
    rows: list[dict[str, Any]], models: Models, views: Views
) -> None:
    sides = [embed_pixels(models.protected, views.pixels[name]) for name in (PLAIN, TRIGGERED)]
    direct = four_tasks(*sides, views.labels, np.arange(len(views.labels)), options=OPTIONS)
    for task, result in direct.items():
        assert rows[0][task] == {name: result.value(name) for name in METRICS}


def test_a_filter_goes_over_every_photo_of_both_sides(rows: list[dict[str, Any]], models: Models, views: Views) -> None:
    median = make_filter("median", {"size": 3})
    sides = [
        embed_pixels(models.protected, np.stack([median(photo) for photo in views.pixels[name]]))
        for name in (PLAIN, TRIGGERED)
    ]
    sources = np.arange(len(views.labels))
    direct = four_tasks(*sides, views.labels, sources, options=OPTIONS)
    assert rows[1]["p2c"]["map_r"] == direct["p2c"].value("map_r")
    plain = embed_pixels(models.clean, views.pixels[PLAIN])
    soft = embed_pixels(models.clean, np.stack([median(photo) for photo in views.pixels[PLAIN]]))
    before, after = (one_task("c2c", rows_, views.labels, sources, options=OPTIONS) for rows_ in (plain, soft))
    assert rows[1]["own_cost"]["recall@1"] == pytest.approx(before.value("recall@1") - after.value("recall@1"))


def test_a_changed_model_sees_the_photos_as_they_are(
    rows: list[dict[str, Any]], models: Models, views: Views, clean_photos: CleanPhotos
) -> None:
    pruned = make_defence("prune", {"fraction": 0.3})(models.protected, clean_photos)
    sides = [embed_pixels(pruned, views.pixels[name]) for name in (PLAIN, TRIGGERED)]
    direct = four_tasks(*sides, views.labels, np.arange(len(views.labels)), options=OPTIONS)
    assert rows[2]["c2p"]["map_r"] == direct["c2p"].value("map_r")
    assert rows[2]["own_cost"] is None


def test_privacy_is_measured_against_the_clean_model_undefended(
    rows: list[dict[str, Any]], models: Models, views: Views
) -> None:
    plain = embed_pixels(models.clean, views.pixels[PLAIN])
    before = one_task("c2c", plain, views.labels, np.arange(len(views.labels)), options=OPTIONS)
    for row in rows:
        for task in PRIVATE:
            expected = 1 - row[task]["map_r"] / before.value("map_r")
            assert row["psr"][task]["map_r"] == pytest.approx(expected)


def test_the_curves_of_all_defences() -> None:
    names = [*FILTERS, *MODEL_DEFENCES]
    found = trials(names)
    assert list(dict.fromkeys(trial.name for trial in found)) == names
    assert [trial.value for trial in found if trial.name == "prune"] == list(MODEL_DEFENCES["prune"].curve)
    with pytest.raises(UsageError, match="'sharpen'"):
        trials(["mean", "sharpen"])
    with pytest.raises(UsageError, match="'sharpen'"):
        Trial("sharpen", 1).make()


def test_filtering_in_parallel_keeps_the_order(views: Views) -> None:
    box = make_filter("box")
    found = filtered(box, views.pixels[PLAIN])
    assert all(np.array_equal(one, box(photo)) for one, photo in zip(found, views.pixels[PLAIN], strict=True))
