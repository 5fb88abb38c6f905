"""The differentiable JPEG beside libjpeg's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from unfind.errors import UsageError
from unfind.images.codec import through_codec
from unfind.images.differentiable_jpeg import BLOCK, _cosines, jpeg


def as_tensor(pixels: np.ndarray) -> Tensor:
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].double() / 255


@pytest.mark.parametrize("quality", [95, 90, 75, 50, 20])
@pytest.mark.parametrize("shape", [(48, 64), (45, 51)])
def test_it_does_what_libjpeg_does(quality: int, shape: tuple[int, int], make_images: Callable[..., Tensor]) -> None:
    whole = torch.nn.functional.interpolate(make_images(1, 8), shape, mode="bicubic").clamp(0, 1)
    pixels = (whole[0] * 255).round().byte().permute(1, 2, 0).numpy()
    [theirs] = through_codec([pixels], quality=quality)
    ours = (jpeg(as_tensor(pixels), quality)[0] * 255).round().byte().permute(1, 2, 0).numpy()
    apart = np.abs(ours.astype(int) - theirs)
    lost = np.abs(pixels.astype(int) - theirs)
    assert apart.mean() < 1  # level; libjpeg transforms in whole numbers, and pads odd sides in another way
    assert apart.mean() < 0.5 * lost.mean()


def test_a_grey_picture_of_one_level_comes_back() -> None:
    flat = torch.full((1, 3, 16, 16), 128 / 255, dtype=torch.float64)
    torch.testing.assert_close(jpeg(flat, 50), flat)


def test_less_quality_loses_more(images: Tensor) -> None:
    lost = [float((jpeg(images, quality) - images).abs().mean()) for quality in (100, 90, 70, 40, 10)]
    assert lost == sorted(lost)


@pytest.mark.parametrize("side", [1, 7, 16, 23])
def test_any_size_keeps_shape_and_range(side: int, make_images: Callable[..., Tensor]) -> None:
    images = make_images(2, side)
    out = jpeg(images, 30)
    assert out.shape == images.shape
    assert bool(((out >= 0) & (out <= 1)).all())
    assert out.dtype == images.dtype


def test_a_batch_is_as_one_by_one(images: Tensor) -> None:
    torch.testing.assert_close(jpeg(images, 80), torch.cat([jpeg(image[None], 80) for image in images]))


def test_the_gradient_passes_through(images: Tensor) -> None:
    inside = (0.2 + 0.6 * images).requires_grad_()
    jpeg(inside, 75)[:, 0].sum().backward()
    assert inside.grad is not None
    assert float(inside.grad.abs().sum()) > 0
    # Brightness of red: the mean gradient of the red channel is 1, whatever was rounded.
    assert float(inside.grad[:, 0].mean()) == pytest.approx(1, abs=0.01)


def test_the_cosines_are_orthonormal() -> None:
    np.testing.assert_allclose(_cosines() @ _cosines().T, np.eye(BLOCK), atol=1e-12)


@pytest.mark.parametrize("quality", [0, 101])
def test_a_quality_out_of_range(quality: int, images: Tensor) -> None:
    with pytest.raises(UsageError, match="1 to 100"):
        jpeg(images, quality)


def test_a_first_call_without_gradients_does_not_spoil_later_ones() -> None:
    _cosines.cache_clear()
    with torch.inference_mode():
        jpeg(torch.rand(1, 3, 16, 16), 75)
    images = torch.rand(1, 3, 16, 16, requires_grad=True)
    jpeg(images, 75).sum().backward()
    assert images.grad is not None
    assert images.grad.any()
