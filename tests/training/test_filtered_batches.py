"""Batches behind filters are a function of seed and number, and hold what filters leave of marks."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from unfind.datasets.generated import generated_pictures
from unfind.models.mark_weights import Mark, untrained_mark
from unfind.training import filtered_batches as module
from unfind.training.filter_settings import FilterSettings
from unfind.training.filtered_batches import FILTERS, draw_filtered_batch, marked_pixels

SETTINGS = FilterSettings(batch=6)


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return generated_pictures(10, 128, seed=1)


@pytest.fixture(scope="module")
def mark() -> Mark:
    return untrained_mark(160)


def test_the_same_number_is_the_same_batch(pixels: np.ndarray, mark: Mark) -> None:
    one, same, next_one = (draw_filtered_batch(pixels, mark, SETTINGS, number) for number in (5, 5, 6))
    assert torch.equal(one.photos, same.photos)
    assert torch.equal(one.signs, same.signs)
    assert not torch.equal(one.signs, next_one.signs)
    other = draw_filtered_batch(pixels, mark, FilterSettings(batch=6, seed=1), 5)
    assert not torch.equal(one.signs, other.signs)


def test_shapes_and_ranges(pixels: np.ndarray, mark: Mark) -> None:
    batch = draw_filtered_batch(pixels, mark, SETTINGS, 0)
    assert batch.photos.shape == (8, 3, 128, 128)
    assert batch.signs.shape == (6, 160)
    assert set(batch.signs.unique().tolist()) == {-1, 1}
    assert 0 <= float(batch.photos.min()) <= float(batch.photos.max()) <= 1


def test_few_photos_serve_several_times(pixels: np.ndarray, mark: Mark) -> None:
    assert len(draw_filtered_batch(pixels[:4], mark, SETTINGS, 0).photos) == 8


def test_each_filter_is_met_as_often_as_the_table_says() -> None:
    shares = [share for _, share in FILTERS.values()]
    assert sum(shares) == pytest.approx(1)
    assert min(shares) > 0
    assert [name for name, (image_filter, _) in FILTERS.items() if image_filter is None] == ["none"]


def test_photos_are_filtered_after_they_were_marked_and_compressed(
    pixels: np.ndarray, mark: Mark, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a filter that says what it is given, the batch is what it returns."""
    given: list[np.ndarray] = []

    def blacken(photo: np.ndarray) -> np.ndarray:
        given.append(photo)
        return np.zeros_like(photo)

    monkeypatch.setattr(module, "FILTERS", {"black": (blacken, 1.0)})
    batch = draw_filtered_batch(pixels, mark, SETTINGS, 0)
    assert float(batch.photos.max()) == 0
    assert len(given) == 8
    assert not any(np.array_equal(photo, other) for photo in given for other in pixels)


def test_marked_pixels_say_what_was_written(pixels: np.ndarray, mark: Mark) -> None:
    signs = torch.ones(10, 160) * (torch.arange(160) % 2 * 2 - 1)
    marked = marked_pixels(mark, pixels, signs, 3.0)
    assert marked.dtype == np.uint8
    assert marked.shape == pixels.shape
    evidence, _ = mark.decoder(torch.from_numpy(marked).permute(0, 3, 1, 2) / 255)
    assert ((evidence > 0) == (signs > 0)).float().mean() > 0.9
