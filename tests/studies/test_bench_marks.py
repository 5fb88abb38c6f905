"""The claim of the marks, end to end, in miniature."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from unfind.errors import UsageError
from unfind.images.photo import Photo
from unfind.models.encoder import Architecture
from unfind.report.bench_json import read_bench, write_bench
from unfind.studies import bench_marks as module
from unfind.studies import mark_survival as survival
from unfind.studies.bench_marks import COUNTS, FULL, Plan, bench_marks
from unfind.studies.mark_survival import AFTER
from unfind.studies.plan_options import with_counts

MINIATURE = Plan(photos=2, peer_photos=1, unmarked=4, engines=2, repeats=1, megapixels=(12,))
EDITS = ("untouched", "jpeg75", "jpeg50", "resize0.5")


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory, wave) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("album")
    for number in range(10):
        picture = Image.fromarray(wave(number % 4, number)).resize((230, 210), Image.Resampling.BICUBIC)
        picture.save(folder / f"{number}.jpg", quality=92)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "QUICK", MINIATURE)
        patch.setattr(module, "FULL", MINIATURE)
        patch.setattr(survival, "AFTER", {name: AFTER[name] for name in EDITS})
        patch.setattr(module, "end_to_end", lambda *words: {"seconds": 0.7, "megabytes": 310.0})
        patch.setattr(module, "network_costs", lambda repeats: COSTS)
        return bench_marks(str(folder), folder, architecture=Architecture(), seeds=2)


COSTS = {"encoder_gmac": 0.1, "stegastamp_shape_gmac": 8.3, "encoder_ms": 10.0, "stegastamp_shape_ms": 400.0}


def test_the_document_is_one(document: dict[str, Any], tmp_path: Path) -> None:
    write_bench(tmp_path / "bench.json", document)
    read = read_bench(tmp_path / "bench.json")
    assert (read["bench"], read["seeds"], read["quick"]) == ("marks", [0, 1], False)
    assert re.fullmatch("[0-9a-f]{16}", read["settings"]["mark"])


def test_ours_stand_beside_their_targets(document: dict[str, Any]) -> None:
    figures = document["figures"]
    targets = {name: figures[f"ours_bits_{name}"]["target"] for name in EDITS}
    assert targets == {"untouched": ">= 0.995", "jpeg75": ">= 0.98", "jpeg50": ">= 0.95", "resize0.5": ">= 0.95"}
    assert figures["ours_verified_jpeg75"]["target"] == ">= 0.99"
    assert figures["ours_psnr"]["target"] == ">= 40"
    assert figures["spread_psnr"]["target"] is None
    assert figures["ours_bits_untouched"]["value"] > 0.8  # made-up photos; half would be chance
    assert "spread_bits_untouched" not in figures
    assert figures["spread_verified_untouched"]["value"] == 1


def test_figures_are_means_over_the_keys(document: dict[str, Any]) -> None:
    for method in ("ours", "spread"):
        rows = document["survival"][method]
        assert len(rows) == 2
        assert document["figures"][f"{method}_psnr"]["value"] == pytest.approx(np.mean([row["psnr"] for row in rows]))


def test_peers_are_there_or_said_not_to_be(document: dict[str, Any]) -> None:
    measured = {"blind_watermark", "dwt_dct_svd", "rivagan"} & set(document["survival"])
    assert measured | set(document["absent"]) == {"blind_watermark", "dwt_dct_svd", "rivagan"}
    for name in measured:  # the photos are too small for them, and that is told
        assert document["survival"][name][0]["refused"] == 1
        assert document["figures"][f"{name}_psnr"]["value"] is None


def test_costs_and_alarms_are_figures(document: dict[str, Any]) -> None:
    figures = document["figures"]
    assert figures["times_faster_than_stegastamp_shape"] == {
        "value": 40.0, "unit": "times", "spread": None, "target": ">= 5", "holds": True,
    }  # fmt: skip
    assert (figures["protect_12_megapixels_seconds"]["holds"], figures["protect_12_megapixels_memory"]["value"]) == (
        True,
        310.0,
    )
    assert (figures["unmarked_pictures"]["value"], figures["false_alarms"]["value"]) == (4, 0)
    assert figures["onnx_pixels_within_a_level"]["holds"]
    assert figures["onnx_verdicts_that_differ"]["unit"] == "of 4"


def test_of_thumbnails_less_is_asked() -> None:
    assert module._psnr_target([_photo(128)] * 2 + [_photo(400)]) == 36
    assert module._psnr_target([_photo(400)]) == 40


def _photo(side: int) -> Photo:
    return Photo(np.zeros((side, side, 3), np.uint8), "jpeg")


def test_nothing_is_trained(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Expected no --train-classes for marks, got 3"):
        bench_marks("photos", tmp_path, architecture=Architecture(), train_classes=3)


def test_counts_can_be_asked_for_otherwise() -> None:
    changed = with_counts(FULL, {"unmarked": 2000, "engines": 5}, COUNTS, "marks")
    assert changed == replace(FULL, unmarked=2000, engines=5)
    assert set(COUNTS) < {field.name for field in fields(FULL)}


@pytest.mark.parametrize(
    "options", [{"photo": 3}, {"photos": 0}, {"unmarked": 1.5}, {"megapixels": 12}, {"engines": True}]
)
def test_other_options_are_refused(options: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="photos, peer_photos, unmarked, engines, each at least 1"):
        bench_marks("photos", tmp_path, architecture=Architecture(), options=options)
