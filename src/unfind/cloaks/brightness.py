"""Brightness: all pixels lighter or darker by one amount."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from unfind.cloaks.one_shot import OneShot
from unfind.cloaks.pace import Pace
from unfind.errors import UsageError


class Brightness(OneShot):
    """Adds one number to every value; the budget does not apply.

    Args:
        pace: for batch and seed.
        amount: -1 to 1 but not 0, of the whole range.
    """

    name = "brightness"
    keeps_budget = False

    def __init__(self, pace: Pace | None = None, *, amount: float = 0.25) -> None:
        super().__init__(pace)
        if not 0 < abs(amount) <= 1:
            raise UsageError(f"Expected an amount of -1 to 1 but not 0, got {amount}: 0.25 is usual.")
        self.amount = amount

    def change(self, images: Tensor) -> Tensor:
        return (images + self.amount).clamp(0, 1)

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "amount": self.amount}
