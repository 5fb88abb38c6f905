"""Batches of a mark's training are a function of seed and step."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from unfind.training.mark_batches import SIDES, draw_mark_batch
from unfind.training.mark_settings import MarkSettings

SETTINGS = MarkSettings(batch=8, canvas=150)


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (20, 150, 150, 3), dtype=np.uint8)


def test_the_same_step_is_the_same_batch(pixels: np.ndarray) -> None:
    one, same, next_one = (draw_mark_batch(pixels, SETTINGS, 3, step) for step in (5, 5, 6))
    assert torch.equal(one.photos, same.photos)
    assert torch.equal(one.signs, same.signs)
    assert torch.equal(one.others, same.others)
    assert one.random.initial_seed() == same.random.initial_seed() != next_one.random.initial_seed()
    assert not torch.equal(one.signs, next_one.signs)
    assert not torch.equal(one.signs, draw_mark_batch(pixels, SETTINGS, 4, 5).signs)


def test_shapes_ranges_and_sizes(pixels: np.ndarray) -> None:
    sides = set()
    for step in range(20):
        batch = draw_mark_batch(pixels, SETTINGS, 0, step)
        side = batch.photos.shape[-1]
        assert batch.photos.shape == (8, 3, side, side)
        assert batch.others.shape == (2, 3, side, side)
        assert batch.signs.shape == (8, 160)
        assert set(batch.signs.unique().tolist()) == {-1, 1}
        assert 0 <= float(batch.photos.min()) <= float(batch.photos.max()) <= 1
        sides.add(side)
    assert len(sides) == SIDES
    assert (min(sides), max(sides)) == (128, 150)


def test_signs_are_as_often_plus_as_minus(pixels: np.ndarray) -> None:
    signs = torch.cat([draw_mark_batch(pixels, SETTINGS, 0, step).signs for step in range(40)])
    assert float(signs.mean(0).abs().max()) < 0.3
    assert abs(float(signs.mean())) < 0.02


def test_some_others_carry_a_mark_of_another_kind() -> None:
    grey = np.full((20, 150, 150, 3), 128, np.uint8)
    others = draw_mark_batch(grey, SETTINGS, 0, 0).others
    assert float(others[0].std()) > 1e-3
    assert float(others[1].std()) == pytest.approx(0, abs=1e-6)


def test_few_photos_are_drawn_more_than_once() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (4, 150, 150, 3), dtype=np.uint8)
    assert len(draw_mark_batch(pixels, SETTINGS, 0, 0).photos) == 8
