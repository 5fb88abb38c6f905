from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest

from unfind.errors import UsageError
from unfind.training.settings import STEPS, STEPS_BESIDE, FitSettings

LEAST = {"steps": 1, "classes_per_batch": 2, "photos_per_class": 2, "validate_every": 0, "weight_decay": 0, "seed": 0}


def with_one(name: str, value: Any) -> FitSettings:
    return FitSettings(**{name: value})


@pytest.mark.parametrize(("name", "least"), LEAST.items())
def test_a_number_below_its_least_is_refused(name: str, least: int) -> None:
    with_one(name, least)
    with pytest.raises(UsageError, match=f"{name} of at least {least}, got {least - 1}"):
        with_one(name, least - 1)


@pytest.mark.parametrize("name", ["settle", "settled", "fade"])
def test_a_fraction_lies_between_0_and_1(name: str) -> None:
    with_one(name, 0.0)
    with_one(name, 1.0)
    for value in (-0.01, 1.01, math.nan):
        with pytest.raises(UsageError, match=f"{name} between 0 and 1, got {value}"):
            with_one(name, value)


@pytest.mark.parametrize("name", ["learning_rate", "head_factor", "strength_start"])
def test_a_factor_is_above_0_and_finite(name: str) -> None:
    with_one(name, 1e-12)
    for value in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(UsageError, match=f"{name} above 0, got {value}"):
            with_one(name, value)


@pytest.mark.parametrize("name", LEAST)
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_a_number_is_refused(name: str, value: float) -> None:
    with pytest.raises(UsageError, match=name):
        with_one(name, value)


@pytest.mark.parametrize("precision", ["auto", "bf16", "fp32"])
def test_known_precisions_are_taken(precision: str) -> None:
    assert FitSettings(precision=precision).precision == precision


def test_an_unknown_precision_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="auto, bf16, fp32, got 'fp64'"):
        FitSettings(precision="fp64")


def test_settings_give_themselves_back() -> None:
    settings = FitSettings(steps=7, jpeg=False, seed=3, precision="fp32", fade=0.25)
    assert FitSettings(**settings.as_dict()) == settings
    assert settings.as_dict().keys() == {field.name for field in dataclasses.fields(FitSettings)}
    filled = settings.filled(scratch=True, triggers=True)
    assert all(isinstance(value, int | float | str) for value in filled.as_dict().values())


def test_settings_are_not_changed_behind_a_runs_back() -> None:
    settings: Any = FitSettings()
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.steps = 3


@pytest.mark.parametrize("triggers", [False, True])
def test_rates_that_were_left_open_suit_the_job(triggers: bool) -> None:
    tuned, scratch = (FitSettings().filled(scratch=scratch, triggers=triggers) for scratch in (False, True))
    assert None not in (tuned.learning_rate, tuned.head_factor, scratch.learning_rate, scratch.head_factor)
    assert scratch.learning_rate > 10 * tuned.learning_rate
    assert tuned.head_factor > scratch.head_factor == 1
    assert scratch.filled(scratch=False, triggers=not triggers) == scratch


def test_a_trigger_is_learned_faster_than_nothing_new() -> None:
    rates = [FitSettings().filled(scratch=False, triggers=triggers).learning_rate for triggers in (False, True)]
    assert rates[0] < rates[1]


def test_rates_that_were_given_stay() -> None:
    given = FitSettings(steps=9, learning_rate=0.5, head_factor=7.0)
    assert given.filled(scratch=True, triggers=True, beside=True) == given


def test_steps_that_were_left_open_suit_what_learns() -> None:
    assert FitSettings().length == FitSettings().filled(scratch=False, triggers=True).steps == STEPS
    beside = FitSettings().filled(scratch=False, triggers=True, beside=True)
    assert beside.steps == beside.length == STEPS_BESIDE < STEPS
