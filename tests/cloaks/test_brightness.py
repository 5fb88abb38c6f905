"""Brightness."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from unfind.cloaks.brightness import Brightness
from unfind.errors import UsageError


@pytest.mark.parametrize("amount", [0.25, -0.4])
def test_every_value_moves_by_the_amount_until_it_is_white_or_black(amount: float, images: Tensor) -> None:
    torch.testing.assert_close(Brightness(amount=amount).change(images), (images + amount).clamp(0, 1))
    assert torch.is_tensor(images)


@pytest.mark.parametrize("amount", [0.0, 1.5, float("nan")])
def test_amounts_that_cannot_be(amount: float) -> None:
    with pytest.raises(UsageError, match="-1 to 1 but not 0"):
        Brightness(amount=amount)
    assert Brightness(amount=0.1).settings()["amount"] == 0.1
