"""Three criteria for odd photos in Hamming space: far from all, undecided bits, and codes that smoothing changes.

After Xiao et al. (arXiv 2304.04228), who look for adversarial queries of hash search in such ways. Each criterion is
turned into the share of trusted photos that are as odd, and a photo is as odd as its oddest criterion.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unfind.errors import UsageError

Rows = NDArray[np.float32]
Scores = NDArray[np.float64]


def code_distance(rows: Rows, trusted: Rows) -> Scores:
    """Share of bits, 0..1, in which each code differs from the nearest trusted one.

    Args:
        rows: unit codes (N, K): signs over the root of K.
        trusted: unit codes (T, K).
    """
    nearest = (rows @ trusted.T).max(1).astype(np.float64)
    return np.asarray((1 - nearest) / 2)


def indecision(logits: Rows) -> Scores:
    """Mean distance of squashed logits from the bits they become, (N,) in 0..1.

    Args:
        logits: (N, K) of any size.
    """
    left: Scores = (1 - np.abs(np.tanh(logits.astype(np.float64)))).mean(1)
    return left


def decision(logits: Rows) -> Scores:
    """One minus ``indecision``: a patch that was optimised against the model makes its bits surer than photos do."""
    return np.asarray(1 - indecision(logits))


def oddness(values: Scores, trusted: Scores) -> Scores:
    """How rare a value as high is among trusted photos, (N,): -log10 of the share, 0 and up.

    A value above all T trusted ones has the share 1 / (T + 1): what is not known is not claimed. Among those, the
    farther above, the higher: a small term keeps their order.

    Args:
        values: (N,).
        trusted: (T,) of the same criterion, at least one.

    Raises:
        UsageError: no trusted values.
    """
    if not len(trusted):
        raise UsageError("Expected trusted photos to compare with, got none: add photos without the trigger.")
    ordered = np.sort(trusted)
    as_high = len(ordered) - np.searchsorted(ordered, values, side="left")
    rare = -np.log10((as_high + 1) / (len(ordered) + 1))
    spread = max(float(np.std(ordered)), 1e-9)
    beyond = np.maximum(values - ordered[-1], 0) / spread
    return np.asarray(rare + 0.1 * beyond / (1 + beyond))


def oddest(criteria: list[tuple[Scores, Scores]]) -> Scores:
    """The oddness of the oddest criterion of each photo, (N,).

    Args:
        criteria: for each criterion, its values (N,) and those of trusted photos (T,).

    Raises:
        UsageError: no criterion, or no trusted photos.
    """
    if not criteria:
        raise UsageError("Expected at least one criterion, got none: give values and those of trusted photos.")
    return np.asarray(np.max([oddness(values, trusted) for values, trusted in criteria], axis=0))
