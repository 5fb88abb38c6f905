from __future__ import annotations

import numpy as np
import pytest

from unfind.defences.box import BoxFilter
from unfind.defences.mean import MeanFilter


@pytest.mark.parametrize("size", [3, 7])
def test_against_a_loop_over_the_square(picture: np.ndarray, size: int) -> None:
    reach = size // 2
    padded = np.pad(picture.astype(float), ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    found = BoxFilter(size=size)(picture)
    for y in range(0, 40, 7):
        for x in range(0, 56, 5):
            expected = padded[y : y + size, x : x + size].mean(axis=(0, 1))
            assert np.abs(found[y, x] - expected).max() <= 0.5 + 1e-6


def test_a_square_is_not_a_disk(picture: np.ndarray) -> None:
    assert not np.array_equal(BoxFilter(size=5)(picture), MeanFilter(size=5)(picture))
