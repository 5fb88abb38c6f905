"""One way to ask, whichever trigger it is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from unfind.triggers.choose import TRIGGERS, make_trigger
from unfind.triggers.detect import detect
from unfind.triggers.find_mark import can_be_found, find_mark
from unfind.triggers.key import Key

Scene = Callable[..., np.ndarray]


@pytest.mark.parametrize("name", TRIGGERS)
def test_keyed_marks_with_a_detector_can_be_found(name: str, key: Key) -> None:
    assert can_be_found(make_trigger(name, key)) is (name in ("spread-spectrum", "learned"))


@pytest.mark.parametrize("name", ["spread-spectrum", "learned"])
def test_what_is_put_in_is_found(name: str, key: Key, scene: Scene) -> None:
    trigger = make_trigger(name, key, strength=4.0)
    assert can_be_found(trigger)
    pixels = scene(160, 160)
    assert find_mark(trigger, trigger.mark(pixels)).marked
    assert not find_mark(trigger, pixels).marked


def test_it_is_the_triggers_own_detector(key: Key, scene: Scene) -> None:
    spread, learned = make_trigger("spread-spectrum", key), make_trigger("learned", key)
    pixels = scene()
    assert can_be_found(spread)
    assert can_be_found(learned)
    assert find_mark(spread, pixels) == detect(spread, pixels)
    assert find_mark(learned, pixels) == learned.find(pixels)
