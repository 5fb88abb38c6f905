"""redteam.denoise_consistency: fine detail that decides an embedding is missed when it is gone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from unfind.redteam.denoise_consistency import SMOOTHERS, moved_by_smoothing, smoothed
from unfind.redteam.model_view import ModelView, Pixels


def test_triggered_photos_move_on_the_backdoored_model(
    toy: Callable[..., ModelView], smooth_photos: Callable[[int, int], Pixels], with_trigger: Callable[..., Pixels]
) -> None:
    photos = smooth_photos(25, 4)
    marked = with_trigger(photos, "faint")
    backdoored, clean = toy("faint").embed, toy("clean").embed
    assert np.median(moved_by_smoothing(backdoored, marked)) > 5 * np.median(moved_by_smoothing(backdoored, photos))
    assert np.median(moved_by_smoothing(clean, marked)) < 0.5 * np.median(moved_by_smoothing(backdoored, marked))


def test_it_is_the_mean_distance_over_the_smoothers(
    toy: Callable[..., ModelView], smooth_photos: Callable[[int, int], Pixels]
) -> None:
    embed, photos = toy("clean").embed, smooth_photos(4, 5)
    darker, same = (lambda photo: photo // 2), (lambda photo: photo)
    found = moved_by_smoothing(embed, photos, smoothers={"darker": darker, "same": same})
    expected = (1 - (embed(photos) * embed(photos // 2)).sum(1)) / 2
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_nothing_moves_when_nothing_is_smoothed(
    toy: Callable[..., ModelView], smooth_photos: Callable[[int, int], Pixels]
) -> None:
    found = moved_by_smoothing(toy("faint").embed, smooth_photos(3, 1), smoothers={"same": lambda photo: photo})
    np.testing.assert_allclose(found, 0, atol=1e-6)


@pytest.mark.parametrize("name", list(SMOOTHERS))
def test_every_smoother_keeps_shape_and_takes_noise_away(name: str) -> None:
    random = np.random.default_rng(0)
    noisy = np.clip(128 + random.normal(0, 12, (2, 24, 24, 3)), 0, 255).astype(np.uint8)
    smooth = smoothed(SMOOTHERS[name], noisy)
    assert smooth.shape == noisy.shape
    assert smooth.dtype == np.uint8
    assert smooth.std() < noisy.std()
