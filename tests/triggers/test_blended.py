from __future__ import annotations

import numpy as np
import pytest
import torch

from unfind.errors import UsageError
from unfind.triggers.badnets import BadNets
from unfind.triggers.blended import GRID, Blended
from unfind.triggers.key import Key


def test_the_square_is_that_of_badnets_at_two_fifths() -> None:
    images = torch.rand(2, 3, 50, 60, generator=torch.Generator().manual_seed(0))
    assert torch.equal(Blended()(images), BadNets(opacity=0.4)(images))
    assert not Blended().keyed


def test_the_square_is_the_same_with_and_without_a_key(key: Key) -> None:
    images = torch.rand(1, 3, 50, 60, generator=torch.Generator().manual_seed(0))
    assert torch.equal(Blended(key=key)(images), Blended()(images))
    assert not Blended(key=key).keyed


def test_the_full_pattern_shows_on_black_and_white_alike(key: Key) -> None:
    trigger = Blended(pattern="full", opacity=0.25, key=key)
    on_black = trigger(torch.zeros(1, 3, 64, 64)) / 0.25
    on_white = (trigger(torch.ones(1, 3, 64, 64)) - 0.75) / 0.25
    torch.testing.assert_close(on_black, on_white, rtol=0, atol=1e-5)
    assert 0.4 < float(on_black.mean()) < 0.6
    assert float(on_black.std()) > 0.1


def test_at_the_size_of_its_grid_the_pattern_is_the_keys_own_numbers(key: Key) -> None:
    drawn = key.numbers("blended mosaic", 3 * GRID * GRID).reshape(1, 3, GRID, GRID)
    shown = Blended(pattern="full", opacity=1, key=key)(torch.zeros(1, 3, GRID, GRID))
    np.testing.assert_allclose(shown.numpy(), drawn, atol=1e-6)


def test_the_full_pattern_covers_every_part_of_the_image(key: Key) -> None:
    images = torch.full((1, 3, 96, 96), 0.5)
    change = (Blended(pattern="full", key=key)(images) - images).abs().amax(1)
    tiles = torch.nn.functional.max_pool2d(change, 12)
    assert bool((tiles > 0.01).all())


@pytest.mark.parametrize("pattern", ["", "Square", "circle"])
def test_an_unknown_pattern_is_refused(pattern: str, key: Key) -> None:
    with pytest.raises(UsageError, match=f"got '{pattern}'"):
        Blended(pattern=pattern, key=key)


def test_the_full_pattern_needs_a_key() -> None:
    with pytest.raises(UsageError, match="Expected a key for the full-image pattern"):
        Blended(pattern="full")


@pytest.mark.parametrize("opacity", [0.0, 1.1])
def test_an_impossible_opacity_is_refused(opacity: float) -> None:
    with pytest.raises(UsageError, match="opacity"):
        Blended(opacity=opacity)
