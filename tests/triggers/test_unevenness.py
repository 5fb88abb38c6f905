"""Written signs are heard evenly, noise is not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from unfind.images.codec import through_codec
from unfind.triggers.key import Key
from unfind.triggers.keyed_mark import KeyedMark
from unfind.triggers.onnx_mark import OnnxMark
from unfind.triggers.shipped import FOLDER
from unfind.triggers.unevenness import EVEN, unevenness

Scene = Callable[..., np.ndarray]


@pytest.fixture(scope="module")
def mark() -> KeyedMark:
    return KeyedMark(Key.from_seed(5), OnnxMark(FOLDER))


def heard(mark: KeyedMark, pixels: np.ndarray) -> float:
    return min(unevenness(evidence) for evidence, _ in mark.looks(pixels))


@pytest.mark.parametrize(
    ("signs", "expected"),
    [([1, -1, 1, -1], 0), ([1, -3], 0.5), ([2, -6], 0.5), ([0, 4, 0, 0], 3**0.5), ([0, 0], float("inf"))],
)
def test_it_is_the_deviation_of_loudness_over_its_mean(signs: list[int], expected: float) -> None:
    assert unevenness(np.array(signs, np.float32)) == pytest.approx(expected)


def test_noise_is_far_from_even() -> None:
    random = np.random.default_rng(0)
    found = [unevenness(random.normal(size=160).astype(np.float32)) for _ in range(2000)]
    assert np.mean(found) == pytest.approx((np.pi / 2 - 1) ** 0.5, abs=0.01)
    assert min(found) > EVEN


def test_a_mark_is_heard_evenly_whoever_made_it(mark: KeyedMark, scene: Scene) -> None:
    for seed in range(3):
        pixels = scene(300, 280, seed)
        marked = mark.mark(pixels)
        assert heard(mark, pixels) > EVEN
        assert heard(mark, marked) < EVEN
        assert heard(mark, through_codec([marked], quality=75)[0]) < EVEN


@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (128, 128), (300, 400)])
@pytest.mark.parametrize("level", [0, 120, 255])
def test_blank_pictures_are_no_marks(shape: tuple[int, int], level: int, mark: KeyedMark) -> None:
    assert heard(mark, np.full((*shape, 3), level, np.uint8)) > EVEN


def test_patterns_are_no_marks(mark: KeyedMark) -> None:
    down, across = np.mgrid[:256, :320]
    for levels in (down % 256, across * 255 // 319, 255 * (across // 5 % 2), 255 * ((down + across) // 7 % 2)):
        pixels = np.repeat(levels[..., None], 3, axis=2).astype(np.uint8)
        assert heard(mark, pixels) > EVEN
