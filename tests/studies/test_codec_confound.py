"""The published pipeline, repeated in miniature, and asked about its halves apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from unfind.models.embed import to_tensor
from unfind.models.encoder import Architecture, build_encoder
from unfind.models.weights import fingerprint_of, read_card
from unfind.studies.codec_confound import (
    CLEAN_MODEL,
    ONE_CODEC,
    PRIVATE,
    RUNS,
    WITH_MARK,
    MarkedAndCompressed,
    codec_rows,
    compressed,
    fit_confounded,
    photo_versions,
    version_tasks,
)
from unfind.studies.mip_grid import FIRST, Cell, Grid, steps_done
from unfind.studies.mip_rows import SUCCESS, mean_of
from unfind.triggers.badnets import BadNets
from unfind.triggers.key import Key
from unfind.triggers.spread_spectrum import SpreadSpectrum

PBL = Cell("pbl", "badnets")


@pytest.fixture
def photos(wave: Any) -> np.ndarray:
    return np.stack([wave(label, 0)[:32, :32] for label in range(4)])


def test_a_private_photo_is_marked_and_then_compressed(photos: np.ndarray) -> None:
    mark = SpreadSpectrum(Key.from_seed(0))
    expected = compressed(np.stack([mark.mark(photo) for photo in photos]))
    both = MarkedAndCompressed(mark)
    assert np.array_equal(np.stack([both.mark(photo) for photo in photos]), expected)
    assert torch.equal(both(to_tensor(photos)), to_tensor(expected))
    assert both.settings() == {"inner": mark.settings(), "quality": 75}


def test_without_a_mark_it_is_the_codec_alone(photos: np.ndarray) -> None:
    alone = MarkedAndCompressed(None)
    assert torch.equal(alone(to_tensor(photos)), to_tensor(compressed(photos)))
    assert alone.stronger(3.0).settings() == {"inner": None, "quality": 75}
    assert compressed(photos[:0]).shape == (0, 32, 32, 3)


def test_a_stronger_one_has_a_stronger_mark(photos: np.ndarray) -> None:
    both = MarkedAndCompressed(SpreadSpectrum(Key.from_seed(0)))
    images = to_tensor(photos)
    usual, strong = (float((one(images) - images).square().mean()) for one in (both, both.stronger(3.0)))
    assert strong > 1.5 * usual  # the rest is the codec's


def test_the_four_versions(photos: np.ndarray) -> None:
    mark = BadNets()
    found = photo_versions(photos, mark)
    assert list(found) == ["as they are", "JPEG alone", "mark alone", "mark and JPEG"]
    assert found["as they are"] is photos
    assert np.array_equal(found["mark and JPEG"], compressed(found["mark alone"]))
    changed = (found["mark alone"] != photos).any(axis=(0, 3))
    assert changed.any()
    assert not changed[:8, :8].any()  # the patch is in the other corner


def test_tasks_of_a_version_take_it_as_the_private_side(photos: np.ndarray) -> None:
    encoder = build_encoder(Architecture("tiny", size=32, dimension=16), seed=0)
    labels = np.array([0, 0, 1, 1])
    tasks = version_tasks(encoder, {"as they are": photos, "same": photos}, labels)
    assert list(tasks["as they are"]) == ["c2c"]
    plain = tasks["as they are"]["c2c"].value("map_r")
    assert [tasks["same"][task].value("map_r") for task in PRIVATE] == pytest.approx([plain] * 3)


def test_only_the_private_photos_meet_the_codec_and_a_fit_is_not_repeated(grid: Grid) -> None:
    name = next(name for name, folder in RUNS.items() if folder == WITH_MARK)
    folder = fit_confounded(grid, PBL, name, 0)
    assert folder == grid.place(0, WITH_MARK)
    assert "jpeg = false" in (folder / "settings.toml").read_text()
    card = read_card(folder)
    assert card["started_from"]["fingerprint"] == fingerprint_of(read_card(grid.place(0, FIRST)))
    assert card["trigger"]["settings"]["quality"] == 75
    assert steps_done(folder) == 2
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert fit_confounded(grid, PBL, name, 0) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_every_model_is_asked_about_every_version(grid: Grid) -> None:
    rows = codec_rows(grid, PBL, 0)
    models = [CLEAN_MODEL, ONE_CODEC, *RUNS]
    assert list(dict.fromkeys(row["model"] for row in rows)) == models
    for model in models:
        for photos in ("JPEG alone", "mark alone", "mark and JPEG"):
            for task in PRIVATE:
                facts = {"model": model, "photos": photos, "task": task, "metric": "map_r"}
                score = mean_of(rows, **facts, measure="score")
                clean = mean_of(rows, model=CLEAN_MODEL, task="c2c", metric="map_r", measure="score")
                assert score is not None
                assert clean
                assert mean_of(rows, **facts, measure=SUCCESS) == pytest.approx(1 - score / clean)
    assert len([row for row in rows if row["task"] == "c2c"]) == 2 * len(models)
