"""The same numbers as scikit-image on small photos, nearly the same on large ones, at a fraction of the cost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.errors import EvaluationError
from unfind.evaluation.likeness import MAX_PSNR, TILE, TILES, WHOLE, _tiles, likeness
from unfind.evaluation.stealth import pair_stealth


def pair(height: int, width: int, seed: int = 0, spread: float = 6) -> tuple[np.ndarray, np.ndarray]:
    """A photo whose detail differs from place to place, and a noisy copy."""
    random = np.random.default_rng(seed)
    down, across = np.mgrid[:height, :width]
    detail = random.normal(0, 1, (height, width, 3)) * (across / width * 40)[..., None]
    photo = np.clip(128 + 60 * np.sin(down / 9)[..., None] + detail, 0, 255).astype(np.uint8)
    return photo, np.clip(photo + random.normal(0, spread, photo.shape), 0, 255).astype(np.uint8)


@given(height=st.integers(3, 40), width=st.integers(3, 40), seed=st.integers(0, 50))
@settings(max_examples=30, deadline=None)
def test_small_photos_have_the_numbers_of_the_tables(height: int, width: int, seed: int) -> None:
    original, changed = pair(height, width, seed)
    expected, found = pair_stealth(original, changed), likeness(original, changed)
    assert found["psnr"] == pytest.approx(expected["psnr"], abs=1e-4)
    assert found["ssim"] == pytest.approx(expected["ssim"], abs=1e-9)


def test_ssim_of_a_large_photo_is_near_that_of_the_whole() -> None:
    original, changed = pair(1100, 1300)
    assert original.shape[0] * original.shape[1] > WHOLE
    expected, found = pair_stealth(original, changed), likeness(original, changed)
    assert found["psnr"] == pytest.approx(expected["psnr"], abs=1e-4)
    assert found["ssim"] == pytest.approx(expected["ssim"], abs=0.01)


@pytest.mark.parametrize(("height", "width"), [(3000, 4000), (100, 20_000), (1001, 1000)])
def test_tiles_reach_from_edge_to_edge(height: int, width: int) -> None:
    tiles = _tiles(height, width)
    assert len(tiles) == TILES**2
    for axis, side in enumerate((height, width)):
        spans = [tile[axis].indices(side)[:2] for tile in tiles]
        assert (min(start for start, _ in spans), max(stop for _, stop in spans)) == (0, side)
        assert all(stop - start == min(TILE, side) for start, stop in spans)


def test_identical_photos_have_an_end_and_not_infinity() -> None:
    original, _ = pair(20, 20)
    assert likeness(original, original) == {"psnr": MAX_PSNR, "ssim": pytest.approx(1.0)}


@pytest.mark.parametrize("shape", [(1, 1), (2, 50)])
def test_a_photo_too_small_for_a_window_has_no_ssim(shape: tuple[int, int]) -> None:
    original = np.zeros((*shape, 3), np.uint8)
    assert set(likeness(original, original + 1)) == {"psnr"}


@pytest.mark.parametrize("changed", [np.zeros((4, 5, 3), np.uint8), np.zeros((5, 5, 3)), np.zeros((5, 5), np.uint8)])
def test_what_cannot_be_compared_is_told(changed: np.ndarray) -> None:
    with pytest.raises(EvaluationError, match="Expected two 8-bit RGB photos of one size"):
        likeness(np.zeros((5, 5, 3), np.uint8), changed)
