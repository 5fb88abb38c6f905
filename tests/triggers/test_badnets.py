from __future__ import annotations

import math

import pytest
import torch

from unfind.errors import UsageError
from unfind.triggers.badnets import BadNets, check_opacity


def test_the_square_of_the_paper_is_18_pixels_of_224_in_the_bottom_right() -> None:
    marked = BadNets()(torch.zeros(1, 3, 224, 224))
    expected = torch.zeros(1, 3, 224, 224)
    expected[..., 206:, 206:] = 1
    assert torch.equal(marked, expected)


@pytest.mark.parametrize(("height", "width", "side"), [(100, 100, 20), (50, 300, 10), (300, 50, 10), (2, 2, 1)])
def test_the_square_is_a_fraction_of_the_shorter_side(height: int, width: int, side: int) -> None:
    marked = BadNets(size=0.2)(torch.zeros(1, 3, height, width))
    assert int((marked[0, 0] == 1).sum()) == side**2
    assert bool((marked[0, 0, height - side :, width - side :] == 1).all())


def test_a_square_of_the_whole_side_covers_a_square_image() -> None:
    assert bool((BadNets(size=1)(torch.zeros(2, 3, 9, 9)) == 1).all())


def test_opacity_blends_with_white() -> None:
    images = torch.rand(2, 3, 20, 20, generator=torch.Generator().manual_seed(0))
    marked = BadNets(size=0.5, opacity=0.3)(images)
    torch.testing.assert_close(marked[..., 10:, 10:], 0.7 * images[..., 10:, 10:] + 0.3)
    assert torch.equal(marked[..., :10, :], images[..., :10, :])
    assert torch.equal(marked[..., :, :10], images[..., :, :10])


@pytest.mark.parametrize("size", [0, -0.1, 1.01, math.nan])
def test_an_impossible_size_is_refused(size: float) -> None:
    with pytest.raises(UsageError, match="square of 0 to 1"):
        BadNets(size=size)


@pytest.mark.parametrize("opacity", [0, -1, 1.5, math.nan])
def test_an_impossible_opacity_is_refused(opacity: float) -> None:
    with pytest.raises(UsageError, match="opacity above 0"):
        BadNets(opacity=opacity)
    with pytest.raises(UsageError, match="opacity above 0"):
        check_opacity(opacity)
