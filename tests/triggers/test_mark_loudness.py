"""A mark is faint where a photo is calm, edges notwithstanding."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from unfind.models.embed import to_tensor
from unfind.triggers.mark_loudness import LEAST, RISE, mark_loudness
from unfind.triggers.spread_spectrum import loudness_of, luma

Scene = Callable[..., np.ndarray]


def slowly(images: Tensor) -> np.ndarray:
    """Place by place, with indices that stop at the border."""
    grey = luma(images)[0, 0].double().numpy()
    height, width = grey.shape

    def around(values: np.ndarray, row: int, column: int, side: int) -> np.ndarray:
        half = side // 2
        rows = np.clip(np.arange(row - half, row + half + 1), 0, height - 1)
        columns = np.clip(np.arange(column - half, column + half + 1), 0, width - 1)
        return values[np.ix_(rows, columns)]

    def each(values: np.ndarray, what: Callable[[np.ndarray], float], side: int) -> np.ndarray:
        places = [[what(around(values, row, column, side)) for column in range(width)] for row in range(height)]
        return np.array(places)

    detail = each(np.abs(grey - each(grey, np.mean, 3)), np.mean, 5)
    return np.minimum(LEAST + RISE * each(detail, np.min, 5), loudness_of(images)[0, 0].numpy())


@pytest.mark.parametrize("shape", [(24, 31), (9, 40), (6, 6)])
def test_it_follows_the_formula(shape: tuple[int, int], scene: Scene) -> None:
    images = to_tensor(scene(*shape)[None])
    np.testing.assert_allclose(mark_loudness(images)[0, 0].numpy(), slowly(images), atol=1e-6)


@pytest.mark.parametrize("level", [0.0, 0.4, 1.0])
def test_a_flat_photo_hardly_carries_anything(level: float) -> None:
    torch.testing.assert_close(mark_loudness(torch.full((1, 3, 64, 64), level)), torch.full((1, 1, 64, 64), LEAST))


def test_so_does_a_smooth_slope() -> None:
    slope = torch.linspace(0.2, 0.8, 128).view(1, 1, 128, 1).expand(2, 3, 128, 128)
    assert float(mark_loudness(slope)[..., 4:-4, :].max()) < LEAST + 1e-4
    assert float(loudness_of(slope).min()) > 2 * LEAST


def test_an_edge_does_not_make_the_sky_beside_it_loud() -> None:
    images = torch.full((1, 3, 128, 128), 0.7)
    images[..., 60:63] = 0.1
    assert float(loudness_of(images)[..., 53:57].min()) > 4 * LEAST
    assert float(mark_loudness(images)[..., :57].max()) == pytest.approx(LEAST, abs=1e-6)


def test_a_busy_photo_carries_as_much_as_a_plane_wave_may_add_there(scene: Scene) -> None:
    images = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(mark_loudness(images), loudness_of(images))
    photo = to_tensor(scene()[None])
    assert bool((mark_loudness(photo) <= loudness_of(photo)).all())


def test_gradients_pass(scene: Scene) -> None:
    images = to_tensor(scene(40, 40)[None]).requires_grad_()
    mark_loudness(images).sum().backward()
    assert images.grad is not None
    assert bool(images.grad.isfinite().all())
