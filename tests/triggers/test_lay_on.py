"""A pattern goes onto the luma, where the photo can bear it, at any size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from unfind.models.embed import to_tensor
from unfind.triggers.apply_change import apply_change
from unfind.triggers.lay_on import change_of, lay_on, working_view
from unfind.triggers.mark_loudness import mark_loudness

Scene = Callable[..., np.ndarray]


def pattern(seed: int = 0) -> torch.Tensor:
    drawn = torch.randn(1, 1, 128, 128, generator=torch.Generator().manual_seed(seed))
    return drawn / drawn.square().mean().sqrt()


def test_at_the_working_size_it_is_loudness_times_pattern(scene: Scene) -> None:
    images = 0.25 + to_tensor(scene()[None]) / 2
    expected = (images + 0.7 * mark_loudness(images) * pattern()).clamp(0, 1)
    torch.testing.assert_close(lay_on(images, pattern(), 0.7), expected)


def test_all_three_colours_change_alike(scene: Scene) -> None:
    images = 0.4 + to_tensor(scene(200, 150)[None]) / 5
    change = lay_on(images, pattern(), 0.5) - images
    torch.testing.assert_close(change[:, 0], change[:, 1], rtol=0, atol=1e-6)
    torch.testing.assert_close(change[:, 0], change[:, 2], rtol=0, atol=1e-6)


def test_each_photo_of_a_batch_can_have_its_own_strength(scene: Scene) -> None:
    images = to_tensor(np.stack([scene(seed=1), scene(seed=2)]))
    patterns = torch.cat([pattern(1), pattern(2)])
    both = lay_on(images, patterns, torch.tensor([0.3, 0.9]).view(2, 1, 1, 1))
    for place, strength in enumerate((0.3, 0.9)):
        alone = lay_on(images[place : place + 1], patterns[place : place + 1], strength)
        torch.testing.assert_close(both[place : place + 1], alone)


def test_busy_places_carry_more_than_smooth_ones() -> None:
    images = torch.full((1, 3, 128, 128), 0.5)
    images[..., 64:] += 0.2 * torch.randn(3, 128, 64, generator=torch.Generator().manual_seed(3))
    change = (lay_on(images.clamp(0.2, 0.8), pattern(), 1.0) - images.clamp(0.2, 0.8)).abs()
    assert float(change[..., 80:].mean()) > 2 * float(change[..., :48].mean())


@pytest.mark.parametrize("shape", [(1, 1), (40, 300), (128, 128), (301, 97)])
def test_the_view_of_the_networks_is_a_square_of_their_size(shape: tuple[int, int]) -> None:
    images = torch.rand(2, 3, *shape, generator=torch.Generator().manual_seed(0))
    assert working_view(images).shape == (2, 3, 128, 128)
    assert lay_on(images, pattern().expand(2, -1, -1, -1), 1.0).shape == images.shape


def test_a_view_of_the_right_size_is_the_photo_itself() -> None:
    images = torch.rand(1, 3, 128, 128)
    assert working_view(images) is images


def test_shrinking_a_view_averages_what_it_covers() -> None:
    images = torch.rand(1, 3, 512, 512, generator=torch.Generator().manual_seed(0))
    assert float(working_view(images).std()) < 0.5 * float(images.std())
    torch.testing.assert_close(working_view(images).mean(), images.mean(), rtol=0, atol=2e-3)


def test_a_change_is_what_a_mark_of_strength_1_adds(scene: Scene) -> None:
    images = 0.25 + to_tensor(scene()[None]) / 2
    torch.testing.assert_close(lay_on(images, pattern(), 0.5), images + 0.5 * change_of(images, pattern()))


@pytest.mark.parametrize("shape", [(300, 200), (64, 50), (40, 300)])
def test_photos_get_the_change_in_numpy_too(shape: tuple[int, int], scene: Scene) -> None:
    pixels = scene(*shape) // 2 + 64
    images = to_tensor(pixels[None])
    change = change_of(working_view(images), pattern())[0, 0].numpy()
    expected = (lay_on(images, pattern(), 0.8)[0] * 255).permute(1, 2, 0).numpy()
    assert np.abs(apply_change(pixels, change, 0.8) - expected).max() <= 0.51
