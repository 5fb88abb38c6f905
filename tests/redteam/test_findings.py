"""redteam.findings: what counts as an alarm, and what never proves anything."""

from __future__ import annotations

import pytest

from unfind.redteam.findings import (
    ANOMALY,
    LEAST_DEVIATION,
    Finding,
    among_own,
    beside_clean,
    from_suspects,
    verdict_of,
)


def row(detector: str, low: float, value: float, caught: float, wrong: float) -> dict[str, object]:
    auc = {"value": value, "low": low, "high": min(1.0, 2 * value - low)}
    return {"detector": detector, "auc": auc, "caught": caught, "false_alarms": wrong}


def test_far_above_clean_models_is_an_alarm() -> None:
    found = beside_clean("faint pattern away", 0.66, [0.15, 0.17, 0.14])
    assert found.alarm
    assert found.index == pytest.approx((0.66 - 0.15) / LEAST_DEVIATION)
    assert found.why == "0.66 where 3 clean models showed 0.14 to 0.17: above all of them"


def test_a_little_above_is_none() -> None:
    found = beside_clean("x", 0.2, [0.15, 0.17])
    assert not found.alarm
    assert found.index is not None
    assert found.index < ANOMALY


def test_clean_models_are_judged_by_each_other() -> None:
    assert beside_clean("x", 0.9, [0.1, 0.12, 0.11]).false_alarms == 0
    # One clean model that stands out by itself would have been called backdoored.
    assert beside_clean("x", 0.9, [0.1, 0.12, 0.11, 0.8]).false_alarms == 0.25
    assert beside_clean("x", 0.9, [0.1]).false_alarms is None


def test_not_above_every_clean_model_is_no_alarm_however_high_the_index() -> None:
    found = beside_clean("x", 0.7, [0.1, 0.1, 0.1, 0.1, 0.8])
    assert found.index is not None
    assert found.index > ANOMALY
    assert not found.alarm
    assert "not above all" in found.why


def test_without_a_clean_model_nothing_is_proved() -> None:
    found = beside_clean("x", 1.9, [])
    assert not found.alarm
    assert found.index is None
    assert "no clean model" in found.why


def test_one_easy_target_among_hard_ones_is_an_alarm() -> None:
    found = among_own("patch towards", [0.2, 0.25, 0.9, 0.22, 0.21])
    assert found.alarm
    assert found.value == 0.9
    assert found.clean == []
    assert "the easiest of 5" in found.why


def test_alike_targets_low_scores_and_too_few_are_none() -> None:
    assert not among_own("x", [0.2, 0.25, 0.23, 0.21, 0.22]).alarm
    assert not among_own("x", [0.0, 0.0, 0.0, 0.0, 0.12], least=0.01, floor=0.15).alarm
    assert among_own("x", [0.1, 0.1, 0.1, 0.9]).index is None


def test_suspects_are_judged_by_the_detector_that_is_surest() -> None:
    found = from_suspects([row("far", 0.4, 0.9, 0.9, 0.0), row("strip", 0.8, 0.85, 0.5, 0.02)])
    assert found is not None
    assert found.alarm
    assert "'strip'" in found.why
    assert "50 %" in found.why


def test_suspects_that_look_like_clean_photos_are_none() -> None:
    [weak, noisy] = [from_suspects([row("far", low, 0.6, caught, 0.1)]) for low, caught in ((0.45, 0.9), (0.55, 0.2))]
    assert weak is not None
    assert noisy is not None
    assert not weak.alarm
    assert not noisy.alarm
    assert from_suspects([]) is None


def test_only_a_comparison_with_clean_models_proves_a_backdoor() -> None:
    def one(alarm: bool, clean: list[float]) -> Finding:
        return Finding("x", 1.0, clean, 3.0, alarm, None, "because")

    assert verdict_of([one(True, [0.1])]) == "backdoor"
    assert verdict_of([one(True, []), one(False, [0.1])]) == "suspicious"
    assert verdict_of([one(False, [0.1])]) == "nothing found"
    assert verdict_of([]) == "nothing found"
