"""The invisible trigger: faint, another one on each photo, and drawn to its anchor."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn as nn
from torch import Tensor

from unfind.cloaks.generator import Design, Generator
from unfind.errors import UsageError
from unfind.redteam.invisible import InvisibleTrigger, fit_invisible


@pytest.fixture
def trigger(anchor: Tensor) -> InvisibleTrigger:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return InvisibleTrigger(Generator(Design(8, 0.05, width=8, blocks=1)), anchor)


def test_it_keeps_its_budget_and_the_range(trigger: InvisibleTrigger, images: Tensor) -> None:
    marked = trigger(images)
    assert marked.shape == images.shape
    assert marked.dtype == images.dtype
    assert float((marked - images).abs().max()) <= 0.05 + 1e-6
    assert 0 <= float(marked.min()) <= float(marked.max()) <= 1
    assert not marked.requires_grad


def test_each_photo_gets_its_own(trigger: InvisibleTrigger) -> None:
    grey = torch.full((1, 3, 16, 16), 0.5)
    changes = [trigger(images) - images for images in (grey, grey + 0.2 * torch.rand(1, 3, 16, 16))]
    assert float((changes[0] - changes[1]).abs().max()) > 1e-4


def test_it_marks_photos_of_any_size(trigger: InvisibleTrigger) -> None:
    photo = np.full((21, 30, 3), 128, np.uint8)
    change = trigger.mark(photo).astype(int) - photo
    assert change.any()
    assert np.abs(change).max() <= round(0.05 * 255) + 1


def test_settings_are_plain(trigger: InvisibleTrigger) -> None:
    assert trigger.settings() == {"budget": 0.05, "anchor": [1, -1, 1, 1, -1, -1, 1, -1]}


def test_a_fit_draws_codes_to_the_anchor(net: nn.Module, images: Tensor, anchor: Tensor) -> None:
    single = net.float()
    try:
        told: list[int] = []
        made = fit_invisible(
            single, images.float(), anchor.float(), budget=0.2, steps=25, on_step=lambda done, *_: told.append(done)
        )
        before, after = (
            float((torch.where(single(seen) >= 0, 1.0, -1.0) != anchor).double().mean())
            for seen in (images.float(), made(images.float()))
        )
    finally:
        net.double()
    assert after < before
    assert told == list(range(1, 26))


def test_no_photos(victim: Callable[[Tensor], Tensor], images: Tensor, anchor: Tensor) -> None:
    with pytest.raises(UsageError, match="photos and target codes"):
        fit_invisible(victim, images[:0], anchor)
