"""A verdict is a value: two of the same findings are the same."""

from __future__ import annotations

import dataclasses

import pytest

from unfind.triggers.detection import FALSE_ALARM, Detection


def test_a_verdict_cannot_be_changed_afterwards() -> None:
    found = Detection(0.9, 1e-9, True)
    assert found == Detection(0.9, 1e-9, True)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.marked = False  # type: ignore[misc]


def test_nothing_hints_at_another_mark_where_nobody_looked_for_one() -> None:
    assert not Detection(0.0, 1.0, False).of_another


def test_the_limit_is_one_in_a_million() -> None:
    assert FALSE_ALARM == 1e-6
