"""Engines that agree, and one that does not."""

from __future__ import annotations

import numpy as np
import pytest

from unfind.studies.mark_parity import Parity, mark_parity
from unfind.triggers.key import Key
from unfind.triggers.keyed_mark import KeyedMark
from unfind.triggers.onnx_mark import OnnxMark
from unfind.triggers.shipped import FOLDER

LOUD = 1.0
"""So that all of these made-up photos can be read."""


class Bright(OnnxMark):
    """Marks two levels too bright."""

    def change(self, photo, signs):
        return super().change(photo, signs) + np.float32(2 / 255 / LOUD)


class Deaf(OnnxMark):
    """Hears nothing, so that it does not know what to write louder either."""

    def looks(self, photo):
        return ((np.zeros_like(evidence), logit) for evidence, logit in super().looks(photo))


@pytest.fixture(scope="module")
def found(wave) -> dict[str, Parity]:
    mark = KeyedMark(Key.from_seed(0), OnnxMark(FOLDER), strength=LOUD)
    others = {
        "same": KeyedMark(mark.key, OnnxMark(FOLDER), strength=LOUD),
        "bright": KeyedMark(mark.key, Bright(FOLDER), strength=LOUD),
        "deaf": KeyedMark(mark.key, Deaf(FOLDER), strength=LOUD),
    }
    return mark_parity(mark, others, [np.tile(wave(label, 0), (3, 4, 1)) // 2 + 64 for label in range(3)])


def test_an_engine_agrees_with_itself(found: dict[str, Parity]) -> None:
    same = found["same"].as_dict()
    assert (same["photos"], same["verdicts"], same["verdicts_that_differ"]) == (3, 6, 0)
    assert (same["pixels_within_a_level"], same["worst_photo_within_a_level"], same["furthest_levels"]) == (1, 1, 0)


def test_one_that_differs_is_seen(found: dict[str, Parity]) -> None:
    bright, deaf = (found[name].as_dict() for name in ("bright", "deaf"))
    assert bright["furthest_levels"] in (2, 3)
    assert bright["pixels_within_a_level"] < 0.01
    assert bright["verdicts_that_differ"] == 0
    assert deaf["pixels_within_a_level"] < 1
    # Plain photos are plain to both; marked ones are not marked to the deaf.
    assert deaf["verdicts_that_differ"] == 3


def test_times_are_of_every_photo(found: dict[str, Parity]) -> None:
    for parity in found.values():
        assert [len(values) for values in parity.milliseconds.values()] == [3, 3]
        assert all(value >= 0 for value in parity.as_dict()["milliseconds"].values())
