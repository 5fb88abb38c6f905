"""models.unblurred: what a blur has taken comes back, and what it left is left alone."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.errors import UsageError
from unfind.models.unblurred import bell, box, disk, unblurred

KERNELS = {
    "box of 3": box(3),
    "box of 5": box(5),
    "disk of 5": disk(2),
    "Gaussian of 1": bell(1.0),
    "Gaussian of 1.5": bell(1.5),
}


@pytest.fixture(scope="module")
def images() -> Tensor:
    generator = torch.Generator().manual_seed(0)
    coarse = F.interpolate(torch.rand(2, 3, 8, 8, generator=generator), (48, 40), mode="bicubic")
    return (0.8 * coarse + 0.1 * torch.rand(2, 3, 48, 40, generator=generator)).clamp(0, 1)


def blur(images: Tensor, kernel: Tensor) -> Tensor:
    wide = F.pad(images, (kernel.shape[0] // 2,) * 4, mode="reflect")
    return F.conv2d(wide, kernel.expand(3, 1, *kernel.shape), groups=3)


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
def test_most_of_what_was_lost_comes_back(images: Tensor, kernel: Tensor) -> None:
    blurry = blur(images, kernel)
    lost, left = ((one - images)[..., 8:-8, 8:-8].square().mean() for one in (blurry, unblurred(blurry, kernel)))
    assert left < 0.8 * lost


def test_the_less_was_rounded_the_more_comes_back(images: Tensor) -> None:
    blurry = blur(images, bell(1.0))
    left = [
        (unblurred(blurry, bell(1.0), rounding=r) - images)[..., 8:-8, 8:-8].square().mean() for r in (1, 0.1, 1e-3)
    ]
    assert left == sorted(left, reverse=True)


@pytest.mark.parametrize("kernel", [*KERNELS.values(), torch.ones(1, 1)])
def test_flat_images_stay_as_they_are(kernel: Tensor) -> None:
    flat = torch.full((1, 3, 20, 30), 0.4)
    assert torch.allclose(unblurred(flat, kernel), flat, atol=1e-5)


def test_no_blur_is_no_change(images: Tensor) -> None:
    assert torch.allclose(unblurred(images, torch.ones(1, 1)), images, atol=1e-5)


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
def test_kernels_keep_the_mean(kernel: Tensor) -> None:
    assert float(kernel.sum()) == pytest.approx(1)
    assert torch.equal(kernel, kernel.flip(0, 1))


@pytest.mark.parametrize(
    "kernel", [torch.ones(4, 4) / 16, torch.ones(3, 5) / 15, torch.ones(19, 19) / 361, torch.ones(3)]
)
def test_other_kernels_are_refused(images: Tensor, kernel: Tensor) -> None:
    with pytest.raises(UsageError, match="an odd k up to 17"):
        unblurred(images, kernel)


def test_small_images_are_refused() -> None:
    with pytest.raises(UsageError, match="more than 16 pixels"):
        unblurred(torch.zeros(1, 3, 16, 40), box(3))
