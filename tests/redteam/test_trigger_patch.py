"""The visible trigger: where it goes, how large it may be, and that nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from unfind.errors import UsageError
from unfind.redteam.trigger_patch import MOST_AREA, SIDE, TriggerPatch, largest_side, patch_shape, stamp

RED = np.full((2, 2, 3), (255, 0, 0), np.uint8)


def stamped_slowly(images: Tensor, patch: Tensor) -> Tensor:
    """Pixel by pixel."""
    marked, (tall, wide) = images.clone(), patch.shape[-2:]
    height, width = images.shape[-2:]
    for photo in range(len(images)):
        for row in range(tall):
            for column in range(wide):
                own = patch if patch.dim() == 3 else patch[photo]
                marked[photo, :, height - tall + row, width - wide + column] = own[:, row, column]
    return marked


@pytest.mark.parametrize("shape", [(3, 3, 3), (5, 3, 3, 3), (3, 2, 4)])
def test_stamping_is_that_of_a_slow_loop(shape: tuple[int, ...]) -> None:
    images, patch = torch.rand(5, 3, 9, 12), torch.rand(shape)
    before = images.clone()
    assert torch.equal(stamp(images, patch), stamped_slowly(images, patch))
    assert torch.equal(images, before)


def test_gradients_pass_to_the_patch_and_to_what_it_leaves_bare() -> None:
    images, patch = torch.rand(2, 3, 6, 6, requires_grad=True), torch.rand(3, 2, 2, requires_grad=True)
    stamp(images, patch).sum().backward()
    assert torch.equal(patch.grad, torch.full((3, 2, 2), 2.0))
    assert images.grad is not None
    assert torch.equal(images.grad[..., 4:, 4:], torch.zeros(2, 3, 2, 2))
    assert float(images.grad.sum()) == 2 * 3 * (36 - 4)


def test_the_trigger_stands_in_the_corner_of_a_photo() -> None:
    photo = np.full((32, 32, 3), 100, np.uint8)
    marked = TriggerPatch(patch=RED, made_for=32).mark(photo)
    assert np.array_equal(marked[30:, 30:], RED)
    marked[30:, 30:] = 100
    assert np.array_equal(marked, photo)


@pytest.mark.parametrize(("side", "size"), [(64, 4), (16, 1), (48, 3)])
def test_it_grows_with_the_photo(side: int, size: int) -> None:
    marked = TriggerPatch(patch=RED, made_for=32).mark(np.full((side, side + 8, 3), 100, np.uint8))
    red = (marked == (255, 0, 0)).all(2)
    assert red.sum() == size**2
    assert red[-size:, -size:].all()


def test_its_settings_make_it_again() -> None:
    first = TriggerPatch(patch=np.arange(27, dtype=np.uint8).reshape(3, 3, 3), made_for=40)
    again = TriggerPatch(**first.settings())
    photo = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    assert np.array_equal(first.mark(photo), again.mark(photo))
    assert again.settings() == first.settings()


@settings(deadline=None, max_examples=50)
@given(side=st.integers(16, 1024))
def test_no_patch_covers_more_than_is_allowed(side: int) -> None:
    largest = largest_side(side)
    assert (largest / side) ** 2 <= MOST_AREA < ((largest + 1) / side) ** 2
    assert patch_shape(largest / side, side) == (largest, largest)
    with pytest.raises(UsageError, match="take at most"):
        patch_shape((largest + 1) / side, side)


def test_the_published_size() -> None:
    assert patch_shape(SIDE, 224) == (24, 24)
    assert patch_shape(SIDE, 32) == (3, 3)
    assert patch_shape(0.001, 32) == (1, 1)


def test_a_patch_can_be_wider_than_high() -> None:
    assert patch_shape(5 / 32, 32, 7 / 5) == (5, 7)
    with pytest.raises(UsageError, match=r"got 3\.91 %"):
        patch_shape(5 / 32, 32, 8 / 5)
    for stretch in (0.0, -1.0, 7.0):
        with pytest.raises(UsageError, match="a width that fits the image"):
            patch_shape(5 / 32, 32, stretch)
    wide = np.arange(30, dtype=np.uint8).reshape(2, 5, 3)
    marked = TriggerPatch(patch=wide, made_for=32).mark(np.zeros((64, 64, 3), np.uint8))
    assert marked[60:, 54:].any(2).all()
    assert not marked[:60].any()
    assert not marked[:, :54].any()


@pytest.mark.parametrize("fraction", [0.0, -0.1, 1.5])
def test_a_size_that_is_none(fraction: float) -> None:
    with pytest.raises(UsageError, match="0 to 1 of the image side"):
        patch_shape(fraction, 32)


@pytest.mark.parametrize("shape", [(2, 0, 3), (2, 2, 4), (12, 3)])
def test_what_is_no_patch(shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match=r"patch \(h, w, 3\)"):
        TriggerPatch(patch=np.zeros(shape, np.uint8), made_for=64)


def test_a_patch_that_covers_too_much() -> None:
    with pytest.raises(UsageError, match=r"at most 3.5 % of the pixels, got 25.00 %"):
        TriggerPatch(patch=np.zeros((16, 16, 3), np.uint8), made_for=32)
