"""Read a word whose bits are more or less sure: the doubtful ones are tried both ways.

Chase (1972), his second algorithm: every way of turning the least sure bits is decoded until one is a payload.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unfind.triggers.bch_batch import may_be_repaired
from unfind.triggers.payload import CODE, Payload, from_message

DOUBTFUL = 6
"""Bits that are tried both ways: each doubles the time of a failure and the chance of a false alarm."""
TRIALS = 2**DOUBTFUL


@dataclass(frozen=True)
class Reading:
    """A payload, and how it was found.

    Attributes:
        payload: what was read.
        repaired: bits of the word that were wrong, the doubtful ones that had to be turned among them.
    """

    payload: Payload
    repaired: int


def read_word(evidence: NDArray[np.float32]) -> Reading | None:
    """Read a payload.

    Args:
        evidence: (127,), above 0 for a 1 and below for a 0, the surer the farther.

    Returns:
        The first payload found, fewest turned bits first; None where there is none.
    """
    heard = (evidence > 0).astype(np.uint8)
    doubtful = np.argsort(np.abs(evidence), kind="stable")[:DOUBTFUL]
    words = np.repeat(heard[None], TRIALS, axis=0)
    words[:, doubtful] ^= _ways()
    for word in words[may_be_repaired(CODE, words)]:
        decoded = CODE.decode(word)
        payload = from_message(decoded[0]) if decoded is not None else None
        if payload is not None:
            return Reading(payload, int((payload.to_word() != heard).sum()))
    return None


def _ways() -> NDArray[np.uint8]:
    """All ways of turning the doubtful bits, (TRIALS, DOUBTFUL), fewest first."""
    ways = (np.arange(TRIALS)[:, None] >> np.arange(DOUBTFUL) & 1).astype(np.uint8)
    return ways[np.argsort(ways.sum(1), kind="stable")]
