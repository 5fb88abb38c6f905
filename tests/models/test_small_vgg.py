from __future__ import annotations

import pytest
import torch

from unfind.models.encoder import Architecture, build_encoder
from unfind.models.small_vgg import WIDTHS, SmallVgg, stage


@pytest.fixture(scope="module")
def net() -> SmallVgg:
    torch.manual_seed(0)
    return SmallVgg()


@pytest.mark.parametrize(("height", "width"), [(16, 16), (32, 32), (33, 47), (64, 64)])
def test_images_of_any_size_give_finite_features(net: SmallVgg, height: int, width: int) -> None:
    features = net(torch.rand(2, 3, height, width))
    assert features.shape == (2, 256)
    assert features.isfinite().all()


def test_it_has_about_as_many_weights_as_it_says(net: SmallVgg) -> None:
    assert 1.4e6 < sum(weights.numel() for weights in net.parameters()) < 1.5e6


def test_every_weight_and_nearly_every_pixel_gets_a_gradient(net: SmallVgg) -> None:
    images = torch.rand(4, 3, 32, 32, requires_grad=True)
    net.zero_grad()
    net(images).square().sum().backward()
    assert images.grad is not None
    assert (images.grad != 0).any(dim=1).float().mean() > 0.9
    for name, weights in net.named_parameters():
        assert weights.grad is not None, name
        assert weights.grad.isfinite().all(), name
        assert weights.grad.any(), name


def test_an_image_is_treated_alike_whatever_else_is_in_the_batch(net: SmallVgg) -> None:
    images = torch.rand(3, 3, 32, 32)
    for mode in (True, False):
        together = net.train(mode)(images)
        apart = torch.cat([net(image[None]) for image in images])
        torch.testing.assert_close(together, apart, atol=1e-5, rtol=1e-5)


def test_an_even_picture_gives_finite_features(net: SmallVgg) -> None:
    assert net(torch.full((1, 3, 32, 32), 0.45)).isfinite().all()


def test_the_backbone_of_that_name_makes_codes() -> None:
    encoder = build_encoder(Architecture("small-vgg", size=32, dimension=16, head="hash"), seed=0).eval()
    assert isinstance(encoder.backbone, SmallVgg)
    assert encoder.head.weight.shape == (16, 256)
    assert encoder(torch.rand(2, 3, 32, 32)).shape == (2, 16)


def test_a_stage_halves_the_map_by_maxima() -> None:
    part, images = stage(3, WIDTHS[0]), torch.rand(1, 3, 8, 8)
    features = part(images)
    assert features.shape == (1, WIDTHS[0], 4, 4)
    torch.testing.assert_close(features, part[:-1](images).unfold(2, 2, 2).unfold(3, 2, 2).amax((4, 5)))
