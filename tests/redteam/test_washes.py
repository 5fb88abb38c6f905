"""redteam.washes: the same size, another photo, and mosaics of nothing but clean tiles."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from unfind.errors import UsageError
from unfind.redteam.washes import WASHES, TileMosaic, pixelated, resized, washed


@pytest.fixture(scope="module")
def clean(wave: Callable[[int, int], np.ndarray]) -> np.ndarray:
    return np.stack([wave(label, number)[:34, :41] for label in range(4) for number in range(3)])


@pytest.mark.parametrize("name", list(WASHES))
def test_every_wash_keeps_the_size_and_the_photo_given_and_takes_noise(name: str, clean: np.ndarray) -> None:
    photo = clean[0].copy()
    done = WASHES[name](photo)
    assert done.shape == photo.shape
    assert done.dtype == np.uint8
    np.testing.assert_array_equal(photo, clean[0])
    np.testing.assert_array_equal(done, WASHES[name](photo))
    assert 0 < np.abs(done.astype(int) - photo).mean() < 40

    def rough(pixels: np.ndarray) -> float:
        return float(np.abs(np.diff(pixels.astype(float), axis=1)).mean())

    assert rough(done) < rough(photo) * 1.02


def test_resizing_keeps_flat_colour() -> None:
    flat = np.full((9, 13, 3), 77, np.uint8)
    np.testing.assert_array_equal(resized(flat, 0.5), flat)
    np.testing.assert_array_equal(pixelated(flat, 3), flat)


def test_pixelating_takes_what_is_finer_than_a_block() -> None:
    fine = np.zeros((12, 12, 3), np.uint8)
    fine[::2] = 200
    assert np.abs(pixelated(fine, 4).astype(int) - 100).max() <= 1


def test_a_mosaic_of_a_photo_in_its_box_is_nearly_the_photo(clean: np.ndarray) -> None:
    few, many = (TileMosaic(clean[:1], tiles=count)(clean[0]) for count in (5, 4000))
    errors = [float(np.abs(one.astype(float) - clean[0]).mean()) for one in (few, many)]
    assert errors[1] < 0.5 * errors[0]
    assert errors[1] < 12


def test_a_layer_of_a_mosaic_holds_clean_tiles_alone(clean: np.ndarray) -> None:
    mosaic = TileMosaic(clean, side=4, tiles=60)
    noise = np.random.default_rng(0).integers(0, 256, (16, 20, 3), dtype=np.uint8)
    layer = mosaic._layer(noise, 0)
    known = {tile.tobytes() for tile in mosaic.box}
    for top in range(0, 16, 4):
        for left in range(0, 20, 4):
            assert layer[top : top + 4, left : left + 4].tobytes() in known


def test_tiles_are_the_nearest_ones(clean: np.ndarray) -> None:
    mosaic = TileMosaic(clean, side=4, tiles=60)
    cut = clean[5][:4, :4]
    distances = ((mosaic.box.astype(float) - cut) ** 2).sum((1, 2, 3))
    np.testing.assert_array_equal(mosaic._layer(clean[5], 0)[:4, :4], mosaic.box[distances.argmin()])


def test_a_mosaic_of_any_size_has_the_size_of_the_photo(clean: np.ndarray) -> None:
    mosaic = TileMosaic(clean, tiles=50)
    for shape in ((4, 4), (5, 7), (34, 41)):
        assert mosaic(clean[0][: shape[0], : shape[1]]).shape == (*shape, 3)


def test_many_photos_are_washed_as_each_is(clean: np.ndarray) -> None:
    np.testing.assert_array_equal(
        washed(WASHES["median 3"], clean[:3]), np.stack([WASHES["median 3"](one) for one in clean[:3]])
    )


def test_no_photos_make_no_mosaic(clean: np.ndarray) -> None:
    for wrong in (clean[:0], clean[0], clean[:, :3]):
        with pytest.raises(UsageError, match="clean photos"):
            TileMosaic(wrong)
