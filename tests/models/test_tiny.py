from __future__ import annotations

import pytest
import torch

from unfind.models.tiny import TEXTURES, WIDTHS, Block, Texture, Tiny, fine_detail


@pytest.fixture(scope="module")
def tiny() -> Tiny:
    torch.manual_seed(0)
    return Tiny()


@pytest.mark.parametrize(("height", "width"), [(16, 16), (17, 33), (64, 48), (128, 128), (1, 1)])
def test_images_of_any_size_give_432_finite_features(tiny: Tiny, height: int, width: int) -> None:
    features = tiny(torch.rand(2, 3, height, width))
    assert features.shape == (2, 2 * WIDTHS[-1] + TEXTURES) == (2, 432)
    assert features.isfinite().all()


@pytest.mark.parametrize("value", [0.0, 0.45, 1.0])
def test_an_even_picture_gives_finite_features(tiny: Tiny, value: float) -> None:
    assert tiny(torch.full((1, 3, 32, 32), value)).isfinite().all()


def test_it_has_about_as_many_weights_as_it_says() -> None:
    assert 0.85e6 < sum(weights.numel() for weights in Tiny().parameters()) < 0.95e6


def test_every_weight_and_every_pixel_gets_a_gradient(tiny: Tiny) -> None:
    images = torch.rand(2, 3, 32, 32, requires_grad=True)
    tiny.zero_grad()
    # Fixed random weights: a sum of normalised texture has no slope of its own.
    (tiny(images) * torch.randn(432, generator=torch.Generator().manual_seed(1))).sum().backward()
    assert images.grad is not None
    assert (images.grad != 0).any(dim=1).float().mean() > 0.99
    for name, weights in tiny.named_parameters():
        assert weights.grad is not None, name
        assert weights.grad.isfinite().all(), name
        assert weights.grad.any(), name


def test_an_image_is_treated_alike_whatever_else_is_in_the_batch(tiny: Tiny) -> None:
    images = torch.rand(4, 3, 32, 32)
    for mode in (True, False):
        together = tiny.train(mode)(images)
        apart = torch.cat([tiny(image[None]) for image in images])
        torch.testing.assert_close(together, apart, atol=1e-5, rtol=1e-5)


def test_features_are_the_mean_and_the_maximum_of_the_last_map_and_texture(tiny: Tiny) -> None:
    images = torch.rand(2, 3, 48, 48)
    last = tiny.stages(tiny.stem((images - 0.45) / 0.25)).flatten(2)
    assert last.shape == (2, 192, 9)
    expected = torch.cat([last.mean(2), last.max(2).values, tiny.texture(images)], dim=1)
    torch.testing.assert_close(tiny(images), expected)


def test_different_images_give_different_features(tiny: Tiny) -> None:
    first, second = tiny(torch.rand(2, 3, 32, 32))
    assert (first - second).abs().max() > 1e-3


@pytest.mark.parametrize(("stride", "side"), [(1, 8), (2, 4)])
def test_a_block_halves_the_map_where_its_stride_is_2(stride: int, side: int) -> None:
    features = Block(16, 24, stride)(torch.randn(1, 16, 8, 8))
    assert features.shape == (1, 24, side, side)
    assert (features >= 0).all()


def test_a_block_adds_its_shortcut() -> None:
    block, features = Block(8, 8, 1), torch.randn(1, 8, 4, 4)
    torch.nn.init.zeros_(block.body[4].weight)
    torch.nn.init.zeros_(block.body[4].bias)
    torch.testing.assert_close(block(features), block.shortcut(features).relu())


def test_fine_detail_is_what_a_5x5_mean_leaves() -> None:
    images = torch.rand(1, 3, 9, 9)
    grey = images[0].mean(0)
    expected = torch.tanh((grey[4, 4] - grey[2:7, 2:7].mean()) / 0.05)
    torch.testing.assert_close(fine_detail(images)[0, 0, 4, 4], expected)
    assert fine_detail(torch.full((1, 3, 8, 8), 0.7)).abs().max() < 1e-5


def test_texture_tells_stripes_apart_wherever_they_lie() -> None:
    torch.manual_seed(0)
    texture = Texture()
    x = torch.arange(64).float()
    across = (0.5 + 0.1 * torch.sin(2 * torch.pi * x / 4)).expand(1, 3, 64, 64)
    down, moved = across.transpose(2, 3), across.roll(2, dims=3)
    same, other = (texture(across) - texture(moved)).norm(), (texture(across) - texture(down)).norm()
    assert other > 5 * same
