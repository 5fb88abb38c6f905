"""Survival is measured on files, edit by edit: with marks that can be seen through."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from unfind.evaluation.stealth import pair_stealth
from unfind.images.decode import decode
from unfind.images.edits import EDITS
from unfind.images.encode import encode
from unfind.images.photo import Photo
from unfind.studies import mark_survival as module
from unfind.studies.mark_methods import Method, Seen
from unfind.studies.mark_survival import AFTER, UNTOUCHED, Row, mark_survival, webp


def glass(name: str = "glass", least: int = 1) -> Method:
    """Makes photos ten levels brighter, and sees it where they are as large as they were."""

    def read(pixels: np.ndarray, original: np.ndarray, number: int) -> Seen:
        same = pixels.shape == original.shape
        brighter = same and 8 < float(pixels.mean() - original.mean()) < 12
        return Seen(1.0 if brighter else 0.5 + number / 100, brighter)

    return Method(name, least, lambda pixels, number: pixels + 10, read)


@pytest.fixture(scope="module")
def photos(wave) -> list[Photo]:
    return [Photo(np.tile(wave(label, 0), (1, 2, 1)) // 2, "jpeg", quality=90) for label in range(2)]


@pytest.fixture(scope="module")
def row(photos: list[Photo]) -> Row:
    with pytest.MonkeyPatch.context() as patch:
        few = {name: AFTER[name] for name in (UNTOUCHED, "jpeg75", "resize0.5", "crop10", "webp80")}
        patch.setattr(module, "AFTER", few)
        return mark_survival([glass()], photos)["glass"]


def test_edits_that_leave_the_mark_and_edits_that_take_it(row: Row) -> None:
    assert row.verified == {
        "untouched": [True, True],
        "jpeg75": [True, True],
        "resize0.5": [False, False],
        "crop10": [False, False],
        "webp80": [True, True],
    }
    assert row.bits["crop10"] == [0.5, 0.51]
    found = row.as_dict()
    assert found["verify_rate"]["resize0.5"] == 0
    assert found["bit_accuracy"]["crop10"] == pytest.approx(0.505)
    assert (found["photos"], found["refused"]) == (2, 0)


def test_faintness_is_that_of_the_files_written(row: Row, photos: list[Photo]) -> None:
    written = decode(encode(dataclasses.replace(photos[0], pixels=photos[0].pixels + 10))).pixels
    expected = pair_stealth(photos[0].pixels, written)
    assert (row.psnr[0], row.ssim[0]) == (expected["psnr"], expected["ssim"])


def test_every_edit_of_the_reports_is_among_them_and_two_more() -> None:
    assert set(AFTER) == {UNTOUCHED, "webp80", *EDITS}


def test_photos_that_are_too_small_are_counted_and_not_marked(photos: list[Photo]) -> None:
    found = mark_survival([glass(least=500)], photos)["glass"].as_dict()
    assert (found["photos"], found["refused"], found["psnr"], found["mark_ms"]) == (0, 2, None, None)
    assert found["verify_rate"] == {}


def test_times_are_of_the_processor(photos: list[Photo], monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = itertools.count()
    monkeypatch.setattr(module, "AFTER", {UNTOUCHED: lambda pixels: pixels})
    monkeypatch.setattr(module.time, "process_time", lambda: next(ticks) / 4)
    found = mark_survival([glass()], photos)["glass"]
    assert found.mark_ms == found.read_ms == [250.0, 250.0]


def test_webp_is_lossy_and_keeps_the_size(wave) -> None:
    pixels = wave(0, 0)
    assert webp(pixels).shape == pixels.shape
    assert 0 < np.abs(webp(pixels).astype(int) - pixels).mean() < 12
