"""Unmarked pictures are read, each of them another one, and alarms are counted."""

from __future__ import annotations

import numpy as np
import pytest

from unfind.studies.mark_alarms import Alarms, count_alarms, picture
from unfind.triggers.key import Key
from unfind.triggers.keyed_mark import KeyedMark
from unfind.triggers.onnx_mark import OnnxMark
from unfind.triggers.shipped import FOLDER


class Nervous:
    """Sees its own mark in dark pictures, and another's in wide ones."""

    def __init__(self) -> None:
        self.asked = 0

    def find(self, pixels: np.ndarray):
        self.asked += 1
        dark = bool(pixels.mean() < 50)
        return type("Found", (), {"marked": dark, "of_another": not dark and pixels.shape[1] > 100})


def test_alarms_are_counted_and_keys_take_turns() -> None:
    photos = [np.full((60, width, 3), level, np.uint8) for width, level in ((60, 10), (300, 90), (60, 90))]
    marks = [Nervous(), Nervous()]
    told: list[tuple[int, int]] = []
    found = count_alarms(marks, photos, 3, progress=lambda stage, done, total: told.append((done, total)))  # type: ignore[arg-type]
    assert found == Alarms(3, 1, 1)
    assert [mark.asked for mark in marks] == [2, 1]
    assert told == [(3, 3)]


def test_nothing_is_read_where_nothing_was_written(wave) -> None:
    marks = [KeyedMark(Key.from_seed(seed), OnnxMark(FOLDER)) for seed in (0, 1)]
    found = count_alarms(marks, [np.tile(wave(label, 0), (2, 2, 1)) for label in range(4)], 12)
    assert (found.looked_at, found.marked) == (12, 0)


def test_first_come_the_photos_then_parts_of_them(wave) -> None:
    photos = [wave(0, 0), wave(1, 0)]
    assert picture(photos, 1) is photos[1]
    parts = [picture(photos, number) for number in range(2, 30)]
    assert len({part.tobytes() for part in parts}) > 24
    for part in parts:
        assert all(32 <= side <= 64 for side in part.shape[:2])
    np.testing.assert_array_equal(picture(photos, 9), picture(photos, 9))


@pytest.mark.parametrize("shape", [(1, 1), (1, 300)])
def test_parts_of_the_smallest_photos_are_not_empty(shape: tuple[int, int]) -> None:
    assert picture([np.zeros((*shape, 3), np.uint8)], 5).size > 0
