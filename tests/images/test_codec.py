from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from unfind.errors import ImageError, UsageError
from unfind.images.codec import through_codec

Scene = Callable[..., np.ndarray]


def plain_loop(images: list[np.ndarray], qualities: list[int | None], subsampling: str) -> list[np.ndarray]:
    results = []
    for image, quality in zip(images, qualities, strict=True):
        if quality is None:
            results.append(image)
            continue
        file = io.BytesIO()
        Image.fromarray(image).save(file, "JPEG", quality=quality, subsampling=subsampling)
        with Image.open(file) as decoded:
            results.append(np.array(decoded))
    return results


@pytest.fixture
def images(scene: Scene) -> list[np.ndarray]:
    return [scene(8 + 5 * i, 40 - 3 * i, seed=i) for i in range(10)]


@pytest.mark.parametrize("workers", [None, 1, 2, 7])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_the_pool_equals_a_plain_loop(workers: int | None, subsampling: str, images: list[np.ndarray]) -> None:
    qualities: list[int | None] = [95, None, 50, 75, 1, 100, None, 85, 30, 60]
    slow = plain_loop(images, qualities, subsampling)
    fast = through_codec(images, quality=qualities, subsampling=subsampling, workers=workers)
    for one, other in zip(fast, slow, strict=True):
        np.testing.assert_array_equal(one, other)


def test_one_quality_serves_all(images: list[np.ndarray]) -> None:
    for one, other in zip(through_codec(images, quality=75), plain_loop(images, [75] * 10, "4:2:0"), strict=True):
        np.testing.assert_array_equal(one, other)


def test_none_leaves_every_picture_as_it_is(images: list[np.ndarray]) -> None:
    assert all(one is other for one, other in zip(through_codec(images, quality=None), images, strict=True))


def test_a_batch_array_is_taken_as_well(scene: Scene) -> None:
    batch = np.stack([scene(seed=seed) for seed in range(3)])
    results = through_codec(batch, quality=80)  # type: ignore[arg-type]
    assert [result.shape for result in results] == [(48, 64, 3)] * 3


def test_no_pictures_give_no_pictures() -> None:
    assert through_codec([], quality=75) == []


def test_pictures_given_are_not_changed(images: list[np.ndarray]) -> None:
    before = [image.copy() for image in images]
    through_codec(images, quality=10)
    for image, old in zip(images, before, strict=True):
        np.testing.assert_array_equal(image, old)


def test_lower_quality_costs_more(scene: Scene, psnr: Callable[[np.ndarray, np.ndarray], float]) -> None:
    noisy = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    kept = [psnr(through_codec([noisy], quality=quality)[0], noisy) for quality in (10, 50, 90)]
    assert kept == sorted(kept)


def test_the_number_of_qualities_must_fit(images: list[np.ndarray]) -> None:
    with pytest.raises(UsageError, match="10 qualities"):
        through_codec(images, quality=[75, 80])


@pytest.mark.parametrize("workers", [0, -2])
def test_at_least_one_worker_is_needed(workers: int, images: list[np.ndarray]) -> None:
    with pytest.raises(UsageError, match="worker"):
        through_codec(images, quality=75, workers=workers)


def test_errors_come_out_of_the_pool(images: list[np.ndarray]) -> None:
    with pytest.raises(UsageError, match="1 to 100"):
        through_codec(images, quality=0)
    with pytest.raises(ImageError, match="uint8"):
        through_codec([np.zeros((3, 3))], quality=75)  # type: ignore[list-item]
