"""Is a photo marked, by this key, and how sure is that?

Only the phases of the photo's spectrum at the key's frequencies are looked at. They are drawn from the key alone,
so for a photo that was not marked with this key each difference between the photo's phase and the key's is
uniform on the circle and independent of the others, whatever the photo shows. The chance of a false alarm
therefore follows from mathematics, not from a threshold fitted to sample photos.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import i0e, i1e

from unfind.triggers.carriers import Carriers
from unfind.triggers.detection import FALSE_ALARM, Detection
from unfind.triggers.spread_photo import heard_in


class Waved(Protocol):
    """What marks photos with plane waves."""

    @property
    def waves(self) -> Carriers:
        """Of its key."""

    @property
    def strength(self) -> float:
        """The knob."""


def detect(trigger: Waved, pixels: NDArray[np.uint8], *, false_alarm: float = FALSE_ALARM) -> Detection:
    """Look for the mark of the trigger's key in one photo (H, W, 3) of 8-bit RGB."""
    components = trigger.waves.spectrum(heard_in(pixels, trigger.strength))
    agreement = float(np.cos(np.angle(components) - trigger.waves.phases).mean())
    chance = chance_of_agreement(agreement, len(trigger.waves.phases))
    return Detection(agreement, chance, chance < false_alarm)


def chance_of_agreement(agreement: float, count: int) -> float:
    """Upper bound of the chance that ``count`` uniform phases have a mean cosine of ``agreement`` or more.

    Chernoff's bound ``inf_t (I0(t) exp(-t a))^M``, with I0 the modified Bessel function: the mean of
    ``exp(t cos x)`` over the circle.
    """
    if agreement <= _mean_cosine(_FLATTEST):
        return 1.0
    if agreement >= 1:
        return 0.0
    # The infimum is where I1(t) / I0(t) = a; any other t gives a bound too, if a looser one.
    steep = agreement >= _mean_cosine(_STEEPEST)
    best = _STEEPEST if steep else _where_mean_cosine_is(agreement)
    return float(np.exp(min(0.0, count * (np.log(i0e(best)) + best * (1 - agreement)))))  # rounding can exceed it


_FLATTEST, _STEEPEST = 1e-9, 1e6
"""Between these t the bound is searched: it is 1 below them, and below 1e-80 above them for 24 carriers."""


def _where_mean_cosine_is(agreement: float) -> float:
    """The t at which it is, by halving the range of its logarithm until nothing is left to halve."""
    low, high = np.log([_FLATTEST, _STEEPEST])
    for _ in range(64):
        middle = (low + high) / 2
        low, high = (middle, high) if _mean_cosine(np.exp(middle)) < agreement else (low, middle)
    return float(np.exp(high))


def _mean_cosine(t: float) -> float:
    """I1(t) / I0(t); both are scaled by exp(-t), which cancels and keeps them finite."""
    return float(i1e(t) / i0e(t))
