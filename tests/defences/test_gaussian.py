from __future__ import annotations

import numpy as np
import pytest

from unfind.defences.gaussian import GaussianFilter


@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.0])
def test_a_bright_point_becomes_the_bell_curve(sigma: float) -> None:
    point = np.zeros((41, 41, 3), np.uint8)
    point[20, 20] = 255
    spread = GaussianFilter(sigma=sigma)(point)[..., 0].astype(float)
    line = np.exp(-((np.arange(41) - 20) ** 2) / (2 * sigma**2))
    bell = 255 * np.outer(line, line) / line.sum() ** 2
    assert np.abs(spread - bell).max() < 0.75


def test_more_is_softer(picture: np.ndarray) -> None:
    deviations = [np.abs(np.diff(GaussianFilter(sigma=s)(picture).astype(int), axis=1)).mean() for s in (0.5, 1, 2)]
    assert deviations == sorted(deviations, reverse=True)
