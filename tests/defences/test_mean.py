from __future__ import annotations

import numpy as np
import pytest

from unfind.defences.mean import MeanFilter


def slow_disk_mean(pixels: np.ndarray, size: int) -> np.ndarray:
    reach = size // 2
    height, width = pixels.shape[:2]
    found = np.empty_like(pixels)
    for y in range(height):
        for x in range(width):
            near = [
                pixels[min(max(y + dy, 0), height - 1), min(max(x + dx, 0), width - 1)].astype(float)
                for dy in range(-reach, reach + 1)
                for dx in range(-reach, reach + 1)
                if dy * dy + dx * dx <= reach * reach
            ]
            found[y, x] = np.rint(np.mean(near, axis=0))
    return found


@pytest.mark.parametrize("size", [3, 5])
def test_against_a_loop_over_the_disk(picture: np.ndarray, size: int) -> None:
    part = picture[:14, :17]
    difference = MeanFilter(size=size)(part).astype(int) - slow_disk_mean(part, size)
    assert np.abs(difference).max() <= 1  # halves may round either way
    assert (difference == 0).mean() > 0.95
