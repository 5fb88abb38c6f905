"""A cloak by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from unfind.cloaks.amortised import Amortised
from unfind.cloaks.base import Cloak
from unfind.cloaks.brightness import Brightness
from unfind.cloaks.cosine import Cosine
from unfind.cloaks.hag import HAG
from unfind.cloaks.hashstash import HashStash
from unfind.cloaks.mosaic import Mosaic
from unfind.cloaks.noise import Noise
from unfind.cloaks.pace import Pace
from unfind.cloaks.rnm import RNM
from unfind.cloaks.sdha import SDHA
from unfind.cloaks.tanh import Tanh
from unfind.cloaks.transparency import Transparency
from unfind.errors import UsageError

CLOAKS: dict[str, Callable[..., Cloak]] = {
    "rnm": RNM,
    "rnm-p2p": partial(RNM, aim="p2p"),
    "rnm-p2s": partial(RNM, aim="p2s"),
    "tanh-p2p": partial(Tanh, aim="p2p"),
    "tanh-p2s": partial(Tanh, aim="p2s"),
    "hag": HAG,
    "sdha": SDHA,
    "hashstash": HashStash,
    "cosine": Cosine,
    "amortised": Amortised,
    "noise": Noise,
    "mosaic": Mosaic,
    "brightness": Brightness,
    "transparency": Transparency,
}


def make_cloak(name: str, pace: Pace | None = None, **settings: Any) -> Cloak:
    """Make a cloak.

    Args:
        name: one of CLOAKS.
        pace: the numbers of the loop.
        settings: the method's own arguments; an unknown one is an error.

    Raises:
        UsageError: an unknown name or argument.
    """
    if name not in CLOAKS:
        raise UsageError(f"Expected a cloak out of {', '.join(CLOAKS)}, got '{name}': choose one of these.")
    try:
        return CLOAKS[name](pace, **settings)
    except TypeError as error:
        raise UsageError(f"Expected settings that the cloak {name} knows, got others: {error}.") from error
