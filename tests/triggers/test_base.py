"""What every trigger must do, whatever its mark looks like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from unfind.models.embed import to_tensor
from unfind.triggers.base import Trigger
from unfind.triggers.choose import TRIGGERS, make_trigger
from unfind.triggers.key import Key

Pixels = NDArray[np.uint8]
Scene = Callable[..., Pixels]
Measure = Callable[[Pixels, Pixels], float]

# Name, settings, and between which PSNRs (dB) the mark lies on a textured picture.
TABLE: list[tuple[str, dict[str, Any], tuple[float, float]]] = [
    ("spread-spectrum", {}, (32, 36)),
    ("spread-spectrum", {"strength": 0.5, "carriers": 32}, (38, 42)),
    ("spread-spectrum", {"strength": 2.0, "lowest": 5, "highest": 20}, (26, 30)),
    ("badnets", {}, (24, 36)),
    ("badnets", {"size": 0.2, "opacity": 0.3}, (26, 38)),
    ("blended", {}, (32, 44)),
    ("blended", {"pattern": "full"}, (30, 34)),
    ("blended", {"pattern": "full", "opacity": 0.03}, (40, 45)),
    ("wanet", {}, (20, 36)),
    ("wanet", {"cells": 8, "displacement": 0.003}, (24, 44)),
    ("learned", {"nonce": 7, "mark": "untrained"}, (31, 37)),
    ("learned", {"nonce": 7, "strength": 0.5, "owner": 3}, (34, 40)),  # 0.7 on pictures as small as these
]
every_trigger = pytest.mark.parametrize(("name", "settings", "decibels"), TABLE)


def test_the_table_leaves_no_trigger_out() -> None:
    assert {name for name, _, _ in TABLE} == TRIGGERS.keys()


def random_images(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


@every_trigger
def test_marked_images_keep_range_shape_and_type(
    name: str, settings: dict[str, Any], decibels: tuple[float, float], key: Key
) -> None:
    images = random_images(3, 3, 40, 56)
    images[0], images[1] = 0, 1
    marked = make_trigger(name, key, **settings)(images)
    assert (marked.shape, marked.dtype) == (images.shape, images.dtype)
    assert bool(((marked >= 0) & (marked <= 1)).all())


@every_trigger
def test_the_images_given_stay_as_they_are(
    name: str, settings: dict[str, Any], decibels: tuple[float, float], key: Key, scene: Scene
) -> None:
    trigger = make_trigger(name, key, **settings)
    images, pixels = random_images(2, 3, 33, 47), scene(40, 50)
    images_before, pixels_before = images.clone(), pixels.copy()
    assert not torch.equal(trigger(images), images_before)
    assert not np.array_equal(trigger.mark(pixels), pixels_before)
    assert torch.equal(images, images_before)
    np.testing.assert_array_equal(pixels, pixels_before)


@every_trigger
def test_the_mark_is_as_faint_as_stated(
    name: str, settings: dict[str, Any], decibels: tuple[float, float], key: Key, scene: Scene, psnr: Measure
) -> None:
    for seed, shape in enumerate([(128, 128), (90, 160)]):
        pixels = scene(*shape, seed=seed)
        assert decibels[0] < psnr(pixels, make_trigger(name, key, **settings).mark(pixels)) < decibels[1]


@every_trigger
def test_the_same_settings_give_the_same_mark(
    name: str, settings: dict[str, Any], decibels: tuple[float, float], key: Key
) -> None:
    images = random_images(2, 3, 48, 32)
    trigger = make_trigger(name, key, **settings)
    again = make_trigger(name, Key(key.secret), **trigger.settings())
    assert again.settings() == trigger.settings()
    assert trigger.settings().items() >= settings.items()
    assert torch.equal(trigger(images), trigger(images))
    assert torch.equal(again(images), trigger(images))


@every_trigger
def test_only_keyed_marks_depend_on_the_key(
    name: str, settings: dict[str, Any], decibels: tuple[float, float], key: Key
) -> None:
    images = random_images(1, 3, 64, 64)
    mine, others = (make_trigger(name, one, **settings) for one in (key, Key.from_seed(2)))
    assert torch.equal(mine(images), others(images)) is not mine.keyed


@every_trigger
def test_a_batch_is_marked_as_one_by_one(
    name: str, settings: dict[str, Any], decibels: tuple[float, float], key: Key
) -> None:
    trigger, images = make_trigger(name, key, **settings), random_images(5, 3, 40, 24)
    single = torch.cat([trigger(image[None]) for image in images])
    torch.testing.assert_close(trigger(images), single, rtol=0, atol=1e-6)


@every_trigger
def test_an_empty_batch_stays_empty(
    name: str, settings: dict[str, Any], decibels: tuple[float, float], key: Key
) -> None:
    assert make_trigger(name, key, **settings)(torch.zeros(0, 3, 32, 32)).shape == (0, 3, 32, 32)


@every_trigger
def test_a_large_photo_scaled_down_carries_the_mark_of_a_small_one(
    name: str, settings: dict[str, Any], decibels: tuple[float, float], key: Key, scene: Scene
) -> None:
    trigger = make_trigger(name, key, **settings)
    large = to_tensor(scene(256, 256)[None])
    small = F.avg_pool2d(large, 2)
    mark, scaled_mark = trigger(small) - small, F.avg_pool2d(trigger(large) - large, 2)
    likeness = F.cosine_similarity(mark.flatten(), scaled_mark.flatten(), dim=0)
    assert float(likeness) > 0.95
    assert 0.8 < float(scaled_mark.norm() / mark.norm()) < 1.2


@every_trigger
def test_pixels_are_marked_as_tensors_are(
    name: str, settings: dict[str, Any], decibels: tuple[float, float], key: Key, scene: Scene
) -> None:
    # From 256 pixels on; files of small photos get a louder learned mark, batches do not.
    trigger, pixels = make_trigger(name, key, **settings), scene(270, 256)
    marked = trigger.mark(pixels)
    exact = trigger(to_tensor(pixels[None]))[0].permute(1, 2, 0).numpy()
    assert marked.dtype == np.uint8
    assert marked.shape == pixels.shape
    assert marked.flags.c_contiguous
    assert np.abs(marked / 255 - exact).max() <= 0.5 / 255 + 1e-5


@every_trigger
@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (20, 3000), (3, 3), (500, 7)])
def test_odd_shapes_are_marked_too(
    name: str, settings: dict[str, Any], decibels: tuple[float, float], shape: tuple[int, int], key: Key
) -> None:
    pixels = np.full((*shape, 3), 100, np.uint8)
    marked = make_trigger(name, key, **settings).mark(pixels)
    assert marked.dtype == np.uint8
    assert marked.shape == pixels.shape


@every_trigger
def test_read_only_and_mirrored_pixels_are_marked_too(
    name: str, settings: dict[str, Any], decibels: tuple[float, float], key: Key, scene: Scene
) -> None:
    trigger, mirrored = make_trigger(name, key, **settings), scene(30, 40)[:, ::-1]
    frozen = mirrored.copy()
    frozen.flags.writeable = False
    np.testing.assert_array_equal(trigger.mark(mirrored), trigger.mark(frozen))


@every_trigger
def test_a_gradient_finds_its_way_through_the_mark(
    name: str, settings: dict[str, Any], decibels: tuple[float, float], key: Key
) -> None:
    images = (0.3 + 0.4 * random_images(1, 3, 24, 24)).requires_grad_()
    make_trigger(name, key, **settings)(images).sum().backward()  # type: ignore[no-untyped-call]
    assert images.grad is not None
    assert bool(images.grad.isfinite().all())
    assert float(images.grad.abs().sum()) > 0


def test_a_trigger_without_a_knob_is_as_strong_as_it_was() -> None:
    class Dark(Trigger):
        name = "dark"

        def __call__(self, images: Tensor) -> Tensor:
            return images / 2

        def settings(self) -> dict[str, Any]:
            return {}

    trigger = Dark()
    assert trigger.stronger(3.0) is trigger
    assert trigger.mark(np.full((2, 2, 3), 201, np.uint8)).tolist() == [[[100] * 3] * 2] * 2
