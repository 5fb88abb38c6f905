from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from unfind.images.codec import through_codec
from unfind.images.resize import scale, to_square
from unfind.models.embed import to_tensor
from unfind.triggers.carriers import CARRIERS, HIGHEST, LOWEST, Carriers, draw_carriers
from unfind.triggers.detect import FALSE_ALARM, chance_of_agreement, detect
from unfind.triggers.key import Key
from unfind.triggers.spread_spectrum import SpreadSpectrum, heard

Pixels = NDArray[np.uint8]
Scene = Callable[..., Pixels]

EDITS: dict[str, Callable[[Pixels], Pixels]] = {
    "untouched": lambda pixels: pixels,
    "jpeg 75": lambda pixels: through_codec([pixels], quality=75)[0],
    "jpeg 50": lambda pixels: through_codec([pixels], quality=50)[0],
    "half size": lambda pixels: scale(pixels, 0.5),
    "enlarged": lambda pixels: scale(pixels, 1.5),
    "squashed": lambda pixels: to_square(pixels, 128),
    "jpeg 75 of half size": lambda pixels: through_codec([scale(pixels, 0.5)], quality=75)[0],
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_a_mark_is_found_by_its_own_key_alone(edit: str, strength: float, key: Key, scene: Scene) -> None:
    trigger, other = SpreadSpectrum(key, strength=strength), SpreadSpectrum(Key.from_seed(2), strength=strength)
    for seed, (height, width) in enumerate([(256, 256), (200, 300)]):
        pixels = scene(height, width, seed)
        marked, unmarked = EDITS[edit](trigger.mark(pixels)), EDITS[edit](pixels)
        found = detect(trigger, marked)
        assert found.marked
        assert found.false_alarm < 1e-12
        assert found.agreement > 0.6
        assert not detect(trigger, unmarked).marked
        assert not detect(other, marked).marked
        assert detect(other, EDITS[edit](other.mark(pixels))).marked


def test_a_mark_over_another_is_found_too(key: Key, scene: Scene) -> None:
    mine, theirs = SpreadSpectrum(key), SpreadSpectrum(Key.from_seed(2))
    twice = theirs.mark(mine.mark(scene(256, 256)))
    assert detect(mine, twice).marked
    assert detect(theirs, twice).marked


def test_the_limit_decides_what_counts_as_marked(key: Key, scene: Scene) -> None:
    trigger = SpreadSpectrum(key)
    marked, unmarked = trigger.mark(scene()), scene()
    assert not detect(trigger, marked, false_alarm=1e-200).marked
    assert detect(trigger, unmarked, false_alarm=1.1).marked
    for pixels in (marked, unmarked):
        found = detect(trigger, pixels)
        assert found.marked is (found.false_alarm < FALSE_ALARM)
        assert found.false_alarm == chance_of_agreement(found.agreement, CARRIERS)


@pytest.mark.parametrize("shape", [(1, 1), (20, 3000), (128, 128)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_blank_photo_is_not_marked(shape: tuple[int, int], level: int, key: Key) -> None:
    found = detect(SpreadSpectrum(key), np.full((*shape, 3), level, np.uint8))
    assert not found.marked
    assert -1 <= found.agreement <= 1


def every_wave() -> Carriers:
    """All waves any key may draw, with phases of 0."""
    reach = range(-HIGHEST, HIGHEST + 1)
    half_plane = [(u, v) for u in reach for v in reach if v > 0 or (v == 0 and u > 0)]
    ring = np.array([(u, v) for u, v in half_plane if LOWEST <= math.hypot(u, v) <= HIGHEST])
    return Carriers(ring, np.zeros(len(ring)))


def test_false_alarms_are_as_rare_as_promised(scene: Scene) -> None:
    """Thousands of keys on photos that none of them marked, among them photos that look as if they were."""
    y, x = np.mgrid[:128, :128] / 128
    stripes = np.cos(2 * np.pi * 20 * x) + np.cos(2 * np.pi * (15 * x + 17 * y))
    checks = (np.floor(x * 40) + np.floor(y * 40)) % 2
    drawn = [128 + 50 * stripes, 255 * checks, 255 * x, 0 * x]
    photos = [np.repeat(picture[..., None], 3, axis=2).astype(np.uint8) for picture in drawn]
    photos += [scene(seed=0), scene(seed=1), SpreadSpectrum(Key.from_seed(-1)).mark(scene(seed=2))]

    waves = every_wave()
    column = {(int(u), int(v)): place for place, (u, v) in enumerate(waves.frequencies)}
    components = [waves.spectrum(heard(to_tensor(photo[None]), 1.0)[0, 0].numpy()) for photo in photos]
    angles = np.angle(np.stack(components))

    chances = []
    for seed in range(1500):
        carriers = draw_carriers(Key.from_seed(seed), count=CARRIERS, lowest=LOWEST, highest=HIGHEST)
        places = [column[int(u), int(v)] for u, v in carriers.frequencies]
        agreements = np.cos(angles[:, places] - carriers.phases).mean(1)
        chances += [chance_of_agreement(float(agreement), CARRIERS) for agreement in agreements]
        if seed == 0:
            # The short cut is the detector's own way, but for drawings whose components are mere rounding.
            found = [detect(SpreadSpectrum(Key.from_seed(seed)), photo).agreement for photo in photos[4:]]
            np.testing.assert_allclose(agreements[4:], found, atol=1e-3)

    assert len(chances) > 10_000
    for limit in (0.3, 1e-1, 1e-2, 1e-3):
        assert np.mean(np.array(chances) < limit) <= limit
    assert np.mean(np.array(chances) < 0.3) > 0.03  # a bound, but not an idle one
    assert min(chances) > FALSE_ALARM


@pytest.mark.parametrize("count", [4, 16, 48])
def test_the_bound_lies_above_what_is_drawn_but_not_far(count: int) -> None:
    phases = np.random.default_rng(count).uniform(0, 2 * np.pi, (100_000, count))
    agreements = np.cos(phases).mean(1)
    for deviations in (0.5, 1, 1.5, 2, 2.5, 3):
        agreement = deviations / math.sqrt(2 * count)
        seen = float((agreements >= agreement).mean())
        assert seen <= chance_of_agreement(agreement, count) <= 20 * seen + 1e-3


@pytest.mark.parametrize("agreement", [0.01, 0.1, 0.3, 0.6, 0.9, 0.99])
@pytest.mark.parametrize("count", [1, 8, 48])
def test_the_bound_is_the_least_of_chernoffs(agreement: float, count: int) -> None:
    t = np.linspace(0, 200, 200_001)
    logarithms = np.log(np.i0(t)) - t * agreement
    assert chance_of_agreement(agreement, count) == pytest.approx(math.exp(count * logarithms.min()), rel=1e-4)


@settings(deadline=None, max_examples=200)
@given(st.floats(-1, 1), st.floats(-1, 1), st.integers(1, 500))
def test_more_agreement_is_never_more_likely(one: float, other: float, count: int) -> None:
    low, high = sorted([one, other])
    rounding = 1 + 1e-12
    assert 0 <= chance_of_agreement(high, count) <= rounding * chance_of_agreement(low, count)
    assert chance_of_agreement(low, count) <= 1


def test_a_bound_next_to_no_agreement_is_no_more_than_certainty() -> None:
    agreements = np.geomspace(1e-10, 1e-6, 300)
    assert max(chance_of_agreement(float(a), count) for a in agreements for count in (1, 2, 24, 500)) <= 1


@pytest.mark.parametrize("agreement", [-1.0, -0.2, 0.0, 1e-300, 1e-12, 4e-10, 6e-10, 1e-8])
def test_no_agreement_is_certain(agreement: float) -> None:
    assert chance_of_agreement(agreement, 48) == pytest.approx(1)


def test_full_agreement_is_impossible_and_nearly_full_agreement_nearly_so() -> None:
    assert chance_of_agreement(1.0, 48) == 0
    for short in (1e-16, 1e-12, 4e-7, 6e-7, 1e-6):
        assert 0 <= chance_of_agreement(1 - short, 48) < 1e-100
