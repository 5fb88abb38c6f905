"""redteam.mark_estimate: averaging marked photos brings the mark out; one photo does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.errors import UsageError
from unfind.redteam.mark_estimate import estimate_mark, likeness, loudness_of_pattern, put, wash_off
from unfind.triggers.key import Key
from unfind.triggers.spread_spectrum import SpreadSpectrum

SIDE = 128


@pytest.fixture(scope="module")
def photos(pictures: Callable[[int], Tensor]) -> Tensor:
    return pictures(80)


@pytest.fixture(scope="module")
def trigger() -> SpreadSpectrum:
    return SpreadSpectrum(Key.from_seed(1))


@pytest.fixture(scope="module")
def truth(trigger: SpreadSpectrum) -> Tensor:
    return trigger.waves.pattern(SIDE, SIDE)


def test_the_more_photos_the_truer_the_estimate(photos: Tensor, trigger: SpreadSpectrum, truth: Tensor) -> None:
    marked = trigger(photos)
    found = [likeness(estimate_mark(marked[:count]), truth) for count in (2, 10, 80)]
    assert found[0] < found[-1]
    assert found[-1] > 0.9


def test_photos_without_a_mark_show_none(photos: Tensor, truth: Tensor) -> None:
    assert abs(likeness(estimate_mark(photos), truth)) < 0.3


def test_an_estimate_is_a_pattern_of_as_many_waves(photos: Tensor, trigger: SpreadSpectrum) -> None:
    pattern = estimate_mark(trigger(photos[:20]), waves=7)
    assert pattern.shape == (SIDE, SIDE)
    assert float(pattern.square().mean()) == pytest.approx(1, abs=1e-4)
    assert int((torch.fft.rfft2(pattern).abs() > 1).sum()) == 7


def test_loudness_tells_marked_photos_from_others(photos: Tensor, trigger: SpreadSpectrum, truth: Tensor) -> None:
    plain, marked = loudness_of_pattern(photos, truth), loudness_of_pattern(trigger(photos), truth)
    assert marked.min() > plain.max()
    assert float(marked.mean()) == pytest.approx(1, abs=0.15)
    assert abs(float(plain.mean())) < 0.05
    assert float(loudness_of_pattern(trigger.stronger(2)(photos), truth).mean()) > 1.5


def test_washing_off_with_the_true_pattern_gives_the_photo_back(
    photos: Tensor, trigger: SpreadSpectrum, truth: Tensor
) -> None:
    marked = trigger(photos)
    before, after = ((one - photos).square().mean() for one in (marked, wash_off(marked, truth)))
    assert after < 0.1 * before
    assert wash_off(photos, truth).sub(photos).square().mean() < 0.05 * before


def test_what_is_put_in_is_what_the_trigger_puts_in(photos: Tensor, trigger: SpreadSpectrum, truth: Tensor) -> None:
    torch.testing.assert_close(put(photos, truth, 1.0), trigger(photos), atol=2e-3, rtol=0)
    each = put(photos[:2], truth, torch.tensor([0.0, 1.0]))
    torch.testing.assert_close(each[0], photos[0])
    assert (each[1] - photos[1]).abs().max() > 0.01


def test_larger_photos_are_worked_on_at_the_grid_of_marks(trigger: SpreadSpectrum, photos: Tensor) -> None:
    large = F.interpolate(photos[:20], (160, 160), mode="bicubic").clamp(0, 1)
    pattern = estimate_mark(trigger(large))
    assert pattern.shape == (SIDE, SIDE)
    assert likeness(pattern, trigger.waves.pattern(SIDE, SIDE)) > 0.5
    assert wash_off(trigger(large), pattern).shape == large.shape
    assert loudness_of_pattern(large, pattern).shape == (20,)


def test_nothing_to_estimate_from_is_refused(photos: Tensor) -> None:
    with pytest.raises(UsageError, match="at least 1 photo"):
        estimate_mark(photos[:0])
    with pytest.raises(UsageError, match="larger"):
        estimate_mark(photos[:2, :, :20, :20])
