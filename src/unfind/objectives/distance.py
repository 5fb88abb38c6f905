"""The distance that every triplet loss here uses: squared Euclidean between unit vectors."""

from __future__ import annotations

from torch import Tensor


def squared_distances(left: Tensor, right: Tensor) -> Tensor:
    """Squared Euclidean distances between two sets of unit vectors.

    Args:
        left: (M, D), L2-normalised rows.
        right: (N, D), L2-normalised rows.

    Returns:
        (M, N), values in 0..4: for unit vectors ``|u - v|^2 = 2 - 2 u.v``.
    """
    return 2 - 2 * left @ right.T
