from __future__ import annotations

import numpy as np

from unfind.defences.gaussian import GaussianFilter
from unfind.defences.nlm import NonLocalMeans


def test_noise_goes_and_an_edge_stays_sharper_than_under_a_blur() -> None:
    clean = np.full((48, 48, 3), 60, np.uint8)
    clean[:, 24:] = 190
    noisy = np.clip(clean + np.random.default_rng(0).normal(0, 6, clean.shape), 0, 255).astype(np.uint8)
    denoised, blurred = NonLocalMeans(strength=10)(noisy), GaussianFilter(sigma=1.5)(noisy)
    flat = (slice(4, -4), slice(4, 18))
    assert denoised[flat].astype(float).std() < 0.6 * noisy[flat].astype(float).std()
    step = [float((picture[:, 24].astype(int) - picture[:, 23]).mean()) for picture in (denoised, blurred)]
    assert step[0] > 110 > step[1]


def test_more_strength_takes_more_away() -> None:
    noisy = np.clip(np.random.default_rng(2).normal(128, 8, (40, 40, 3)), 0, 255).astype(np.uint8)
    left = [NonLocalMeans(strength=h)(noisy).astype(float).std() for h in (2, 5, 10, 20)]
    assert left == sorted(left, reverse=True)
    assert left[0] > 2 * left[-1]
