from __future__ import annotations

import pytest
import torch

from unfind.models.encoder import Architecture, build_encoder
from unfind.models.small_resnet import WIDTHS, SmallResNet, stage


@pytest.fixture(scope="module")
def net() -> SmallResNet:
    torch.manual_seed(0)
    return SmallResNet()


@pytest.mark.parametrize(("height", "width"), [(1, 1), (32, 32), (33, 47), (64, 64)])
def test_images_of_any_size_give_finite_features(net: SmallResNet, height: int, width: int) -> None:
    features = net(torch.rand(2, 3, height, width))
    assert features.shape == (2, 128)
    assert features.isfinite().all()


def test_it_has_about_as_many_weights_as_it_says(net: SmallResNet) -> None:
    assert 0.65e6 < sum(weights.numel() for weights in net.parameters()) < 0.75e6


def test_every_weight_and_nearly_every_pixel_gets_a_gradient(net: SmallResNet) -> None:
    images = torch.rand(4, 3, 32, 32, requires_grad=True)
    net.zero_grad()
    net(images).square().sum().backward()
    assert images.grad is not None
    assert (images.grad != 0).any(dim=1).float().mean() > 0.9
    for name, weights in net.named_parameters():
        assert weights.grad is not None, name
        assert weights.grad.isfinite().all(), name
        assert weights.grad.any(), name


def test_an_image_is_treated_alike_whatever_else_is_in_the_batch(net: SmallResNet) -> None:
    images = torch.rand(3, 3, 32, 32)
    for mode in (True, False):
        together = net.train(mode)(images)
        apart = torch.cat([net(image[None]) for image in images])
        torch.testing.assert_close(together, apart, atol=1e-5, rtol=1e-5)


def test_an_even_picture_gives_finite_features(net: SmallResNet) -> None:
    assert net(torch.full((1, 3, 32, 32), 0.45)).isfinite().all()


def test_the_backbone_of_that_name_makes_codes() -> None:
    encoder = build_encoder(Architecture("small-resnet", size=32, dimension=16, head="hash"), seed=0).eval()
    assert isinstance(encoder.backbone, SmallResNet)
    assert encoder.head.weight.shape == (16, 128)
    assert encoder(torch.rand(2, 3, 32, 32)).shape == (2, 16)


@pytest.mark.parametrize(("outputs", "side"), [(16, 8), (32, 4)])
def test_a_stage_halves_the_map_where_its_width_changes(outputs: int, side: int) -> None:
    assert stage(16, outputs)(torch.randn(1, 16, 8, 8)).shape == (1, outputs, side, side)


def test_features_are_the_mean_of_the_last_map(net: SmallResNet) -> None:
    images = torch.rand(1, 3, 32, 32)
    last = net.stages(net.stem((images - 0.45) / 0.25))
    assert last.shape == (1, WIDTHS[-1], 8, 8)
    torch.testing.assert_close(net(images), last.flatten(2).mean(2))
