"""Transparency."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from unfind.cloaks.transparency import Transparency
from unfind.errors import UsageError


def test_white_shines_through(images: Tensor) -> None:
    torch.testing.assert_close(Transparency(opacity=0.6).change(images), 0.6 * images + 0.4)


@pytest.mark.parametrize("opacity", [0.0, 1.0, -0.5, 2.0])
def test_opacities_that_cannot_be(opacity: float) -> None:
    with pytest.raises(UsageError, match="above 0 and below 1"):
        Transparency(opacity=opacity)
    assert Transparency(opacity=0.5).settings()["opacity"] == 0.5
