"""Uniform noise."""

from __future__ import annotations

import torch
from torch import Tensor

from unfind.cloaks.noise import Noise
from unfind.cloaks.pace import Pace


def test_it_fills_the_budget_evenly() -> None:
    grey = torch.full((2, 3, 64, 64), 0.5)
    change = Noise(Pace(budget=0.1)).change(grey) - grey
    assert 0.099 < float(change.abs().max()) <= 0.1 + 1e-6
    assert abs(float(change.mean())) < 0.002
    assert abs(float(change.square().mean()) * 300 - 1) < 0.03  # budget^2 / 3


def test_each_image_has_its_own(images: Tensor) -> None:
    same = images[:1].expand(2, -1, -1, -1)
    assert torch.equal(*(Noise().change(same) - same))
    other = Noise().change(images[:2]) - images[:2]
    assert not torch.equal(other[0], other[1])
