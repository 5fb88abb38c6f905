"""STRIP for rank lists: blend a photo with others; does it still find what it found, whatever it is blended with?

STRIP (Gao et al. 2019) blends an input with clean images and looks at the entropy of the predicted classes: a trigger
wins over any blend. A search has no classes but lists. What lists of blends have in common stands for the entropy.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from unfind.errors import UsageError

Pixels = NDArray[np.uint8]
Rows = NDArray[np.float32]
Scores = NDArray[np.float64]
BLENDS = 6
LISTED = 20
"""Hits of a list that are compared."""
QUARTER = 4
"""A list is no longer than this part of the gallery: longer ones have hits in common by chance alone."""


def blend_lists(
    embed: Callable[[Pixels], Rows],
    pixels: Pixels,
    partners: Pixels,
    gallery: Rows,
    *,
    blends: int = BLENDS,
    listed: int = LISTED,
    weight: float = 0.5,
    seed: int = 0,
) -> NDArray[np.int64]:
    """What each photo finds after it was blended with others.

    Args:
        embed: photos to unit rows.
        pixels: uint8 (N, H, W, 3).
        partners: uint8 (P, H, W, 3), surely clean; the same of them are blended with every photo.
        gallery: unit (G, D) to search in.
        blends: partners for each photo; all of them where there are fewer.
        listed: hits of a list; at most a quarter of G, and at least one.
        weight: of the photo in a blend, 0..1 exclusive.
        seed: of the choice of partners.

    Returns:
        (N, blends, listed) positions in the gallery, best first.

    Raises:
        UsageError: a weight out of range, or nothing to blend or search.
    """
    if not 0 < weight < 1 or blends < 2 or len(partners) < 2 or not len(gallery) or listed < 1:
        raise UsageError(
            f"Expected a weight between 0 and 1 and at least 2 blends, partners and a gallery, got {weight}, "
            f"{min(blends, len(partners))} and {len(gallery)}: 0.5 and 6 are usual."
        )
    chosen = np.random.default_rng(seed).permutation(len(partners))[:blends]
    some = min(listed, max(1, len(gallery) // QUARTER))
    lists = [_first(embed(_mixed(pixels, partners[one], weight)) @ gallery.T, some) for one in chosen]
    return np.stack(lists, axis=1)


def overlap(lists: NDArray[np.int64]) -> Scores:
    """Mean share of hits that two lists of a photo have in common, (N,) in 0..1; high where a trigger decides.

    Args:
        lists: (N, B, L) with B at least 2 and no position twice in a list.
    """
    count = lists.shape[1]
    shares = [
        (lists[:, i, :, None] == lists[:, j, None, :]).any(2).mean(1) for i in range(count) for j in range(i + 1, count)
    ]
    mean: Scores = np.mean(shares, axis=0, dtype=np.float64)
    return mean


def entropy(lists: NDArray[np.int64]) -> Scores:
    """Entropy of all hits of a photo's lists, in bits, (N,): low where a trigger decides.

    Args:
        lists: (N, B, L).
    """
    rows = lists.reshape(len(lists), -1)
    found = np.empty(len(rows))
    for place, row in enumerate(rows):
        shares = np.unique(row, return_counts=True)[1] / row.size
        found[place] = -(shares * np.log2(shares)).sum()
    return found


def _mixed(pixels: Pixels, partner: Pixels, weight: float) -> Pixels:
    blend = weight * pixels.astype(np.float32) + (1 - weight) * partner.astype(np.float32)
    return np.rint(blend).astype(np.uint8)


def _first(similarities: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    order: NDArray[np.int64] = np.argsort(-similarities, axis=1, kind="stable")[:, :count]
    return order
