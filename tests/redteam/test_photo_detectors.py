"""redteam.photo_detectors: one table of what every detector must tell, on toy models with and without a backdoor."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from unfind.errors import UsageError
from unfind.redteam.model_view import ModelView, Pixels
from unfind.redteam.photo_detectors import DETECTORS, MEANINGS, Trusted, judge, usable

Toy = Callable[..., ModelView]
Photos = Callable[[int, int], Pixels]
Put = Callable[[Pixels, str], Pixels]

EXPECTED = [
    # detector, backdoor, codes, least area under the curve
    ("far", "faint", False, 0.9),
    ("far", "patch", False, 0.9),
    ("crowd", "faint", False, 0.95),
    ("crowd", "patch", True, 0.9),
    ("smoothing", "faint", False, 0.9),
    ("smoothing", "faint", True, 0.9),
    ("strip", "patch", False, 0.7),
    ("transplant", "patch", False, 0.95),
    ("transplant", "patch", True, 0.95),
    ("hamming", "faint", True, 0.8),
]


def test_the_table_covers_every_detector() -> None:
    assert {row[0] for row in EXPECTED} == DETECTORS.keys() == MEANINGS.keys()


@pytest.mark.parametrize(("name", "kind", "hashes", "least"), EXPECTED)
def test_on_a_backdoored_model_triggered_photos_stand_out(
    toy: Toy, smooth_photos: Photos, with_trigger: Put, name: str, kind: str, hashes: bool, least: float
) -> None:
    trusted = Trusted(toy(kind, hashes), smooth_photos(80, 1))
    [found] = judge(trusted, with_trigger(smooth_photos(30, 2), kind), smooth_photos(50, 3), names=[name])
    assert found.auc["value"] >= least
    assert found.auc["low"] > 0.5
    assert found.caught > found.false_alarms


@pytest.mark.parametrize("name", list(DETECTORS))
def test_on_photos_without_a_trigger_nothing_stands_out(toy: Toy, smooth_photos: Photos, name: str) -> None:
    hashes = name == "hamming"
    trusted = Trusted(toy("faint", hashes), smooth_photos(120, 1))
    [found] = judge(trusted, smooth_photos(60, 2), smooth_photos(60, 3), names=[name])
    assert 0.3 < found.auc["value"] < 0.7
    assert found.auc["low"] < 0.55
    assert found.auc["high"] > 0.45
    assert found.false_alarms <= 0.15


@pytest.mark.parametrize("name", ["far", "crowd"])
def test_on_a_clean_model_the_trigger_means_nothing(
    toy: Toy, smooth_photos: Photos, with_trigger: Put, name: str
) -> None:
    trusted = Trusted(toy("clean"), smooth_photos(80, 1))
    [found] = judge(trusted, with_trigger(smooth_photos(40, 2), "faint"), smooth_photos(40, 3), names=[name])
    assert found.auc["low"] < 0.6


@pytest.mark.parametrize("name", list(DETECTORS))
def test_every_detector_gives_one_finite_score_each_and_the_same_again(
    toy: Toy, smooth_photos: Photos, name: str
) -> None:
    trusted, pixels = Trusted(toy("patch", True), smooth_photos(20, 1)), smooth_photos(7, 2)
    before = pixels.copy()
    first = DETECTORS[name](trusted, pixels)
    assert first.shape == (7,)
    assert first.dtype == np.float64
    assert np.isfinite(first).all()
    np.testing.assert_array_equal(first, DETECTORS[name](trusted, pixels))
    np.testing.assert_array_equal(pixels, before)


def test_thresholds_come_from_trusted_photos_alone(toy: Toy, smooth_photos: Photos, with_trigger: Put) -> None:
    trusted = Trusted(toy("faint"), smooth_photos(40, 1))
    one = judge(trusted, with_trigger(smooth_photos(20, 2), "faint"), smooth_photos(20, 3), names=["far"])
    other = judge(trusted, smooth_photos(10, 4), smooth_photos(10, 5), names=["far"])
    assert one[0].threshold == other[0].threshold


def test_trusted_photos_are_dealt_into_two_halves(toy: Toy, smooth_photos: Photos) -> None:
    pixels = smooth_photos(9, 1)
    trusted = Trusted(toy("clean"), pixels)
    np.testing.assert_array_equal(trusted.reference, pixels[[0, 2, 4, 6, 8]])
    np.testing.assert_array_equal(trusted.calibration, pixels[[1, 3, 5, 7]])
    assert trusted.rows.shape[0] == 5


def test_a_model_of_embeddings_has_no_hamming_criteria(toy: Toy, smooth_photos: Photos) -> None:
    view = toy("clean")
    assert "hamming" not in usable(view)
    assert "hamming" in usable(toy("clean", True))
    with pytest.raises(UsageError, match="hash model"):
        DETECTORS["hamming"](Trusted(view, smooth_photos(8, 1)), smooth_photos(2, 2))


def test_verdicts_become_json(toy: Toy, smooth_photos: Photos) -> None:
    found = judge(Trusted(toy("clean"), smooth_photos(10, 1)), smooth_photos(3, 2), smooth_photos(4, 3), names=["far"])
    facts = found[0].as_dict()
    assert facts.keys() == {"detector", "auc", "caught", "false_alarms", "threshold"}
    assert facts["auc"].keys() == {"value", "low", "high"}


def test_unknown_names_and_too_few_photos_are_refused(toy: Toy, smooth_photos: Photos) -> None:
    trusted = Trusted(toy("clean"), smooth_photos(8, 1))
    with pytest.raises(UsageError, match="out of far, crowd"):
        judge(trusted, smooth_photos(2, 2), smooth_photos(2, 3), names=["nose"])
    with pytest.raises(UsageError, match="at least 4 trusted photos"):
        Trusted(toy("clean"), smooth_photos(3, 1))
    with pytest.raises(UsageError, match="suspect photos"):
        judge(trusted, smooth_photos(2, 2)[:0], smooth_photos(2, 3))
    with pytest.raises(UsageError, match="uint8"):
        Trusted(toy("clean"), smooth_photos(8, 1).astype(np.float32))
