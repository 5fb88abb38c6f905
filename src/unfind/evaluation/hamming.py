"""How far codes are from the codes they should become, step by step."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unfind.errors import EvaluationError

Signs = NDArray[Any]


def hamming_to(codes: ArrayLike, targets: ArrayLike) -> NDArray[np.int64]:
    """In how many bits each code differs from its own target.

    Args:
        codes: (..., N, K) numbers whose signs are the bits, such as logits, codes of -1 and +1 or unit codes; 0
            counts as +1.
        targets: (N, K) alike.

    Returns:
        (..., N) in 0..K.

    Raises:
        EvaluationError: shapes that do not pair up, or NaN.
    """
    rows, goals = _checked(codes, "codes"), _checked(targets, "targets")
    if goals.ndim != 2 or rows.ndim < 2 or rows.shape[-2:] != goals.shape:
        raise EvaluationError(
            f"codes: expected the shape of targets (N, K) at the end, got {rows.shape} and {goals.shape}; "
            "pass one target for each image."
        )
    distances: NDArray[np.int64] = ((rows >= 0) != (goals >= 0)).sum(axis=-1, dtype=np.int64)
    return distances


def hamming_curve(codes: ArrayLike, targets: ArrayLike) -> NDArray[np.float64]:
    """The mean distance of all images to their targets after each step.

    Source: figure 2 of the RNM paper, which draws it over 2,000 iterations.

    Args:
        codes: (T, N, K) after each of T steps, as for `hamming_to`.
        targets: (N, K).

    Returns:
        (T,) in 0..K.

    Raises:
        EvaluationError: shapes that do not pair up, no image, or NaN.
    """
    distances = hamming_to(codes, targets)
    if distances.ndim != 2 or not distances.size:
        raise EvaluationError(
            f"codes: expected (T, N, K) with at least one step and one image, got distances of shape "
            f"{distances.shape}; pass the codes after every step."
        )
    curve: NDArray[np.float64] = distances.mean(axis=1)
    return curve


def steps_until(curve: ArrayLike, distance: float) -> int | None:
    """How many steps a curve takes until it is at most ``distance``; None where it never is.

    The first value of a curve is that after one step. What it does after reaching the distance does not count.
    """
    reached = np.flatnonzero(np.asarray(curve, dtype=np.float64) <= distance)
    return int(reached[0]) + 1 if reached.size else None


def _checked(values: ArrayLike, name: str) -> Signs:
    array = np.asarray(values)
    if array.dtype.kind not in "if" or np.isnan(array).any():
        raise EvaluationError(f"{name}: expected signed numbers, got {array.dtype} or NaN; pass logits or codes.")
    return array
