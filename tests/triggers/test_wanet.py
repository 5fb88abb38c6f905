"""The warp: small, smooth, the key's own, and in the right direction."""

from __future__ import annotations

import pytest
import torch

from unfind.errors import UsageError
from unfind.triggers.key import Key
from unfind.triggers.wanet import DISPLACEMENT, MOST, WaNet


def ramps(side: int = 96) -> torch.Tensor:
    """A picture (1, 3, side, side) whose red is the column and whose green is the row, 0..1."""
    places = torch.linspace(0, 1, side)
    return torch.stack([places.expand(side, side), places[:, None].expand(side, side), torch.zeros(side, side)])[None]


def test_pixels_come_from_as_far_as_stated(key: Key) -> None:
    """On ramps the change of a value is the shift itself."""
    image = ramps()
    shift = (WaNet(key)(image) - image)[0, :2, 12:-12, 12:-12]
    assert 0.3 * DISPLACEMENT < float(shift.abs().mean()) < 2 * DISPLACEMENT
    expected = DISPLACEMENT * WaNet(key)._shifts(96, 96)[0, 12:-12, 12:-12].permute(2, 0, 1)
    torch.testing.assert_close(shift, expected, rtol=0, atol=1e-4)


def test_the_mean_shift_is_the_papers() -> None:
    assert pytest.approx(0.25 / 32) == DISPLACEMENT


def test_neighbours_move_together(key: Key) -> None:
    shifts = WaNet(key)._shifts(128, 128)
    assert float(shifts.diff(dim=1).abs().max()) < 0.2
    assert float(shifts.diff(dim=2).abs().max()) < 0.2


def test_a_blank_picture_stays_blank(key: Key) -> None:
    grey = torch.full((1, 3, 20, 30), 0.4)
    torch.testing.assert_close(WaNet(key)(grey), grey)


def test_stronger_is_farther_within_a_limit(key: Key) -> None:
    trigger = WaNet(key)
    assert trigger.stronger(2).displacement == 2 * DISPLACEMENT
    assert trigger.stronger(1000).displacement == MOST
    assert trigger.displacement == DISPLACEMENT


def test_two_keys_warp_in_different_ways(key: Key) -> None:
    mine, theirs = WaNet(key)._shifts(32, 32), WaNet(Key.from_seed(2))._shifts(32, 32)
    assert abs(float(torch.nn.functional.cosine_similarity(mine.flatten(), theirs.flatten(), dim=0))) < 0.6


@pytest.mark.parametrize("settings", [{"cells": 1}, {"cells": 33}, {"displacement": 0}, {"displacement": 0.2}])
def test_settings_out_of_range_are_refused(settings: dict[str, float], key: Key) -> None:
    with pytest.raises(UsageError, match="Expected"):
        WaNet(key, **settings)  # type: ignore[arg-type]
