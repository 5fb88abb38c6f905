"""How the learning rate settles and the trigger fades over the steps of a fit."""

from __future__ import annotations

import math

from unfind.training.settings import FitSettings


def rate_factor(step: int, settings: FitSettings) -> float:
    """Fraction of the learning rate at a step: 1, then half a cosine down to ``settled``."""
    begin = settings.settle * settings.length
    if step <= begin:
        return 1.0
    done = (step - begin) / max(settings.length - begin, 1e-9)
    return settings.settled + (1 - settings.settled) * (1 + math.cos(math.pi * done)) / 2


def strength_factor(step: int, settings: FitSettings) -> float:
    """How much stronger than its own strength the trigger is at a step: falls geometrically to 1."""
    end = settings.fade * settings.length
    if step >= end:
        return 1.0
    return float(settings.strength_start ** (1 - step / end))
