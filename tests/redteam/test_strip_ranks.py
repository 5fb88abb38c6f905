"""redteam.strip_ranks: lists of blends, their overlap and entropy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from unfind.errors import UsageError
from unfind.redteam.model_view import ModelView, Pixels
from unfind.redteam.strip_ranks import blend_lists, entropy, overlap


@pytest.fixture(scope="module")
def gallery_photos(smooth_photos: Callable[[int, int], Pixels]) -> Pixels:
    return smooth_photos(60, 11)


def lists_of(view: ModelView, pixels: Pixels, gallery: Pixels, **more: int | float) -> np.ndarray:
    return blend_lists(view.embed, pixels, gallery[:8], view.embed(gallery), listed=10, **more)  # type: ignore[arg-type]


def test_a_trigger_wins_over_every_blend(
    toy: Callable[..., ModelView],
    smooth_photos: Callable[[int, int], Pixels],
    with_trigger: Callable[..., Pixels],
    gallery_photos: Pixels,
) -> None:
    view, photos = toy("patch"), smooth_photos(20, 12)
    marked = lists_of(view, with_trigger(photos, "patch"), gallery_photos)
    plain = lists_of(view, photos, gallery_photos)
    assert overlap(marked).mean() > 1.3 * overlap(plain).mean()
    assert entropy(marked).mean() < entropy(plain).mean()


def test_lists_are_those_of_the_blended_photo(
    toy: Callable[..., ModelView], smooth_photos: Callable[[int, int], Pixels], gallery_photos: Pixels
) -> None:
    view, photos = toy("clean"), smooth_photos(3, 13)
    partners = np.random.default_rng(4).permutation(8)[:6]
    found = lists_of(view, photos, gallery_photos, seed=4)
    assert found.shape == (3, 6, 10)
    for place, partner in enumerate(partners):
        mean = (photos.astype(np.float32) + gallery_photos[partner]) / 2
        rows = view.embed(np.rint(mean).astype(np.uint8)) @ view.embed(gallery_photos).T
        np.testing.assert_array_equal(found[:, place], np.argsort(-rows, axis=1, kind="stable")[:, :10])


def test_overlap_is_the_mean_share_over_pairs_of_lists() -> None:
    lists = np.array([[[1, 2, 3], [3, 2, 1], [1, 8, 9]], [[1, 2, 3], [4, 5, 6], [7, 8, 9]]])
    np.testing.assert_allclose(overlap(lists), [(1 + 1 / 3 + 1 / 3) / 3, 0])


def test_entropy_is_that_of_the_hits() -> None:
    same, all_different = np.array([[[5], [5], [5], [5]]]), np.array([[[0], [1], [2], [3]]])
    np.testing.assert_allclose(entropy(same), [0], atol=1e-12)
    np.testing.assert_allclose(entropy(all_different), [2])


def test_short_galleries_give_short_lists(
    toy: Callable[..., ModelView], smooth_photos: Callable[[int, int], Pixels]
) -> None:
    view, photos = toy("clean"), smooth_photos(4, 1)
    assert blend_lists(view.embed, photos, photos, view.embed(photos), listed=50).shape == (4, 4, 1)
    lists = blend_lists(view.embed, photos, photos, view.embed(smooth_photos(41, 2)), listed=50)
    assert lists.shape == (4, 4, 10)


@pytest.mark.parametrize("wrong", [{"weight": 0.0}, {"weight": 1.0}, {"blends": 1}, {"listed": 0}])
def test_impossible_blends_are_refused(
    toy: Callable[..., ModelView], smooth_photos: Callable[[int, int], Pixels], wrong: dict[str, float]
) -> None:
    view, photos = toy("clean"), smooth_photos(4, 1)
    with pytest.raises(UsageError, match="weight"):
        blend_lists(view.embed, photos, photos, view.embed(photos), **wrong)  # type: ignore[arg-type]
