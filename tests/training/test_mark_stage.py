"""The stages of a mark's training, driven by what is read."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.training.mark_settings import MarkSettings
from unfind.training.mark_stage import BITS, DISTORTIONS, QUALITY, MarkStage, first_stage, is_stuck, next_stage

SETTINGS = MarkSettings(ramp=20, fade=0.9, strength_start=2.0, strength_end=0.5, stuck_after=30)


def after(stage: MarkStage, accuracy: float, steps: int) -> MarkStage:
    for _ in range(steps):
        stage = next_stage(stage, accuracy, SETTINGS)
    return stage


def test_a_perfect_reader_goes_through_all_stages_to_the_end() -> None:
    names = []
    stage = first_stage(SETTINGS)
    for _ in range(400):
        stage = next_stage(stage, 1.0, SETTINGS)
        names.append(stage.name)
    assert list(dict.fromkeys(names)) == [BITS, DISTORTIONS, QUALITY]
    assert (stage.severity, stage.strength) == (1.0, SETTINGS.strength_end)


def test_who_reads_nothing_stays_where_it_is() -> None:
    stage = after(first_stage(SETTINGS), 0.5, 500)
    assert (stage.name, stage.strength, stage.severity) == (BITS, 2.0, 0.0)


def test_distortions_wait_for_a_reader_who_falls_behind() -> None:
    stage = MarkStage(DISTORTIONS, 2.0, severity=0.4, accuracy=0.7)
    assert next_stage(stage, 0.7, SETTINGS).severity == 0.4
    assert next_stage(replace(stage, accuracy=0.95), 0.95, SETTINGS).severity == 0.4 + 1 / 20


def test_quality_begins_when_all_distortions_are_mastered() -> None:
    behind = MarkStage(DISTORTIONS, 2.0, severity=1.0, accuracy=0.9)
    assert next_stage(behind, 0.9, SETTINGS).name == DISTORTIONS
    assert next_stage(replace(behind, accuracy=0.99), 0.99, SETTINGS).name == QUALITY


def test_strength_falls_only_while_bits_are_read_and_comes_back() -> None:
    good = MarkStage(QUALITY, 1.0, 1.0, accuracy=0.99)
    assert next_stage(good, 0.99, SETTINGS).strength == 0.9
    fair = replace(good, accuracy=SETTINGS.hold - 0.01)
    assert next_stage(fair, fair.accuracy, SETTINGS).strength == 1.0
    poor = replace(good, accuracy=SETTINGS.hold - 0.1)
    assert next_stage(poor, poor.accuracy, SETTINGS).strength == 1.0 / 0.9


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(0, 1), max_size=200))
def test_whatever_is_read_all_numbers_stay_within_their_limits(read: list[float]) -> None:
    stage = first_stage(SETTINGS)
    for accuracy in read:
        stage = next_stage(stage, accuracy, SETTINGS)
        assert SETTINGS.strength_end <= stage.strength <= SETTINGS.strength_start
        assert 0 <= stage.severity <= 1
        assert 0 <= stage.accuracy <= 1


def test_an_attempt_is_given_up_late_and_only_at_chance() -> None:
    chance = first_stage(SETTINGS)
    assert is_stuck(chance, 30, SETTINGS)
    assert not is_stuck(chance, 29, SETTINGS)
    assert not is_stuck(replace(chance, accuracy=0.7), 1000, SETTINGS)
    assert not is_stuck(MarkStage(QUALITY, 1.0, accuracy=0.5), 1000, SETTINGS)


def test_a_stage_can_be_written_down() -> None:
    stage = MarkStage(DISTORTIONS, 1.5, 0.3, 0.92)
    assert MarkStage(**stage.as_dict()) == stage
