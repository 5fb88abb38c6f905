from __future__ import annotations

import numpy as np
import pytest

from unfind.defences.median import MedianFilter


@pytest.mark.parametrize("size", [3, 5])
def test_against_a_loop_over_the_square(picture: np.ndarray, size: int) -> None:
    reach = size // 2
    padded = np.pad(picture, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    found = MedianFilter(size=size)(picture)
    for y in range(0, 40, 3):
        for x in range(0, 56, 5):
            window = padded[y : y + size, x : x + size].reshape(-1, 3)
            assert np.array_equal(found[y, x], np.median(window, axis=0))


def test_specks_go_and_edges_stay() -> None:
    picture = np.full((20, 20, 3), 50, np.uint8)
    picture[:, 10:] = 200
    specked = picture.copy()
    specked[5, 5], specked[12, 15] = 255, 0
    np.testing.assert_array_equal(MedianFilter()(specked), picture)
