"""Mosaic."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from unfind.cloaks.mosaic import Mosaic
from unfind.errors import UsageError


def test_each_square_is_the_mean_of_what_it_covers(images: Tensor) -> None:
    out = Mosaic(cells=4).change(images)
    for row in range(4):
        for column in range(4):
            rows, columns = slice(4 * row, 4 * row + 4), slice(4 * column, 4 * column + 4)
            square = out[..., rows, columns]
            mean = images[..., rows, columns].mean(dim=(2, 3), keepdim=True)
            torch.testing.assert_close(square, mean.expand_as(square))


def test_more_cells_than_pixels_change_nothing(images: Tensor) -> None:
    torch.testing.assert_close(Mosaic(cells=99).change(images), images)
    assert float(Mosaic(cells=1).change(images).flatten(2).std(dim=2).max()) == pytest.approx(0, abs=1e-12)


def test_no_cells_are_no_mosaic() -> None:
    with pytest.raises(UsageError, match="at least 1 cell"):
        Mosaic(cells=0)
    assert Mosaic(cells=3).settings()["cells"] == 3
