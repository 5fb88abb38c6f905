"""What photos go through before a model sees them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from unfind.cloaks.passages import AS_IS, ROBUST, compressed, shrunk, varied
from unfind.errors import UsageError
from unfind.images.differentiable_jpeg import jpeg

EVERY = (*ROBUST, varied(0.6))
every_passage = pytest.mark.parametrize("passage", EVERY, ids=[passage.name for passage in EVERY])


@every_passage
def test_shape_type_and_range_stay(passage, images: Tensor) -> None:
    out = passage(images, seed=3, iteration=4)
    assert (out.shape, out.dtype) == (images.shape, images.dtype)
    assert bool(((out > -1e-9) & (out < 1 + 1e-9)).all())


@every_passage
def test_a_batch_goes_through_as_its_images_do(passage, images: Tensor) -> None:
    single = torch.cat([passage(image[None], seed=3, iteration=4) for image in images])
    torch.testing.assert_close(passage(images, seed=3, iteration=4), single)


@every_passage
def test_gradients_come_back(passage, images: Tensor) -> None:
    leaf = (0.1 + 0.8 * images).requires_grad_()
    passage(leaf, seed=0, iteration=0).square().sum().backward()
    assert leaf.grad is not None
    assert bool(leaf.grad.isfinite().all())
    assert float(leaf.grad.abs().sum()) > 0


def test_the_first_changes_nothing(images: Tensor) -> None:
    assert AS_IS(images, seed=0, iteration=0) is images


def test_compressed_is_jpeg(images: Tensor) -> None:
    assert torch.equal(compressed(60)(images, seed=0, iteration=0), jpeg(images, 60))


def test_shrunk_takes_fine_detail_and_leaves_the_rest() -> None:
    x = torch.arange(32, dtype=torch.float64)
    board = (0.5 + 0.5 * torch.cos(torch.pi * x))[None, None, None].expand(1, 3, 32, 32)
    slope = (x / 31)[None, None, None].expand(1, 3, 32, 32)
    out = shrunk(0.5)(torch.cat([board, slope]), seed=0, iteration=0)
    assert float((out[0, :, :, 4:-4] - 0.5).abs().max()) < 0.1
    assert float((out[1, :, :, 4:-4] - slope[0, :, :, 4:-4]).abs().max()) < 0.02


def test_variety_comes_with_iterations_and_seeds_alone(images: Tensor) -> None:
    passage = varied(0.5)
    first = passage(images, seed=1, iteration=1)
    assert torch.equal(first, passage(images, seed=1, iteration=1))
    assert not torch.equal(first, passage(images, seed=1, iteration=2))
    assert not torch.equal(first, passage(images, seed=2, iteration=1))
    assert not passage.judged


def test_the_picture_lies_on_grey(images: Tensor) -> None:
    out = [varied(0.3)(images, seed=0, iteration=iteration) for iteration in range(8)]
    assert any(bool((one[..., 0, :] == 0.5).all()) for one in out)
    torch.testing.assert_close(varied(1.0)(images, seed=0, iteration=0), images)


@pytest.mark.parametrize("factor", [0.0, -1.0, 1.5])
def test_factors_that_cannot_be(factor: float) -> None:
    for make in (shrunk, varied):
        with pytest.raises(UsageError, match="at most 1"):
            make(factor)
