from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from unfind.images.jpeg_quality import estimate_quality, standard_tables


def tables_of(data: bytes) -> dict[int, list[int]]:
    with Image.open(io.BytesIO(data)) as image:
        return dict(image.quantization)  # type: ignore[attr-defined]


@pytest.mark.parametrize("quality", range(1, 101))
def test_the_standard_tables_are_those_libjpeg_writes(quality: int, saved: Callable[..., bytes]) -> None:
    written = tables_of(saved(np.zeros((8, 8, 3), np.uint8), "jpeg", quality=quality))
    np.testing.assert_array_equal(standard_tables(quality), written[0] + written[1])


@pytest.mark.parametrize("quality", range(1, 101))
def test_the_estimate_is_exact_for_libjpeg(quality: int) -> None:
    steps = standard_tables(quality).tolist()
    assert estimate_quality({0: steps[:64], 1: steps[64:]}) == quality


@pytest.mark.parametrize("quality", [5, 30, 50, 75, 90, 100])
def test_a_grey_photo_is_judged_by_luminance_alone(quality: int, saved: Callable[..., bytes]) -> None:
    tables = tables_of(saved(np.zeros((8, 8), np.uint8), "jpeg", quality=quality))
    assert set(tables) == {0}
    assert estimate_quality(tables) == quality


def test_foreign_tables_get_a_near_quality() -> None:
    steps = np.clip(standard_tables(80) + np.random.default_rng(0).integers(-1, 2, 128), 1, 255).tolist()
    assert abs(estimate_quality({0: steps[:64], 1: steps[64:]}) - 80) <= 3


def test_coarser_tables_never_get_a_higher_quality() -> None:
    flat = [estimate_quality({0: [step] * 64, 1: [step] * 64}) for step in range(1, 256)]
    assert flat == sorted(flat, reverse=True)
    assert flat[0] == 100


def test_steps_of_zero_and_tables_of_other_sizes_do_no_harm() -> None:
    assert estimate_quality({0: [0] * 64}) == 100
    assert estimate_quality({}) == 100
    assert estimate_quality({0: [1, 2, 3], 1: standard_tables(60)[64:].tolist()}) == 60
