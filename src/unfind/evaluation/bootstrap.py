"""How sure a number is: percentile intervals from resampled queries (Efron 1979).

Every query is drawn with replacement, as often as there are queries, and the statistic is taken again. One
seed draws the same queries for every column, so that the difference or ratio of two measurements of the same
queries keeps their pairing, which makes its interval as narrow as the data allow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unfind.errors import EvaluationError
from unfind.evaluation.checks import check_count

RESAMPLES = 1000  # enough for the second digit of a 95 % bound
LEVEL = 0.95
DRAW_BYTES = 16 * 2**20  # memory for drawn query numbers at a time; stays in the processor's caches

Column = NDArray[np.float64]


class Interval(TypedDict):
    """A value and the bounds of its interval, ready for JSON."""

    value: float
    low: float
    high: float


def draws(
    n: int, *, resamples: int = RESAMPLES, seed: int = 0, draw_bytes: int = DRAW_BYTES
) -> Iterator[NDArray[np.int64]]:
    """Draw query numbers with replacement.

    Args:
        n: queries to draw from, and to draw each time.
        resamples: how often.
        seed: of the drawing; the same seed and n give the same draws, whatever `draw_bytes` is.
        draw_bytes: memory one block may take.

    Yields:
        (some, n) int64 blocks, `resamples` rows in all.

    Raises:
        EvaluationError: n or resamples is below 1.
    """
    check_count(n, "n")
    check_count(resamples, "resamples")
    random = np.random.default_rng(seed)
    step = max(1, draw_bytes // (8 * n))
    for first in range(0, resamples, step):
        yield random.integers(0, n, size=(min(step, resamples - first), n))


def resampled_means(
    columns: Mapping[str, ArrayLike],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    draw_bytes: int = DRAW_BYTES,
) -> dict[str, Column]:
    """The mean of each column over the same resampled queries.

    Args:
        columns: {name: (n,) numbers}, all of one length and order of queries.
        resamples: how many means to return for each.
        seed: of the drawing.
        draw_bytes: memory one block of draws may take; it cannot change the result.

    Returns:
        {name: (resamples,)}.

    Raises:
        EvaluationError: empty columns, columns of different lengths, or numbers that are not finite.
    """
    checked = {name: _column(values, name) for name, values in columns.items()}
    sizes = {len(values) for values in checked.values()}
    if len(sizes) != 1:
        raise EvaluationError(
            f"columns: expected one length for all, got {sorted(sizes)}; score the same queries in each."
        )
    blocks = draws(sizes.pop(), resamples=resamples, seed=seed, draw_bytes=draw_bytes)
    means = [{name: values[block].mean(axis=1) for name, values in checked.items()} for block in blocks]
    return {name: np.concatenate([block[name] for block in means]) for name in checked}


def interval(value: float, replicates: Column, *, level: float = LEVEL) -> Interval:
    """A value between the percentiles of its resampled replicates.

    Args:
        value: the statistic of the queries themselves.
        replicates: (B,) the statistic of resampled queries.
        level: share of the replicates between the bounds, in 0..1 exclusive.

    Raises:
        EvaluationError: a level outside 0..1.
    """
    if not 0.0 < level < 1.0:
        raise EvaluationError(f"level: expected a fraction between 0 and 1, got {level}; 0.95 is usual.")
    low, high = np.quantile(replicates, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value=float(value), low=float(low), high=float(high))


def mean_interval(values: ArrayLike, *, resamples: int = RESAMPLES, seed: int = 0, level: float = LEVEL) -> Interval:
    """The mean of per-query values, with its interval.

    Args:
        values: (n,) finite numbers.
        resamples: how many replicates.
        seed: of the drawing.
        level: share of the replicates between the bounds.

    Raises:
        EvaluationError: no values, or values that are not finite.
    """
    means = resampled_means({"values": values}, resamples=resamples, seed=seed)["values"]
    return interval(_mean(values), means, level=level)


def difference_interval(
    first: ArrayLike, second: ArrayLike, *, resamples: int = RESAMPLES, seed: int = 0, level: float = LEVEL
) -> Interval:
    """mean(first) - mean(second) over the same queries, with its paired interval.

    Args:
        first: (n,) finite numbers.
        second: (n,) of the same queries in the same order.
        resamples: how many replicates.
        seed: of the drawing.
        level: share of the replicates between the bounds.

    Raises:
        EvaluationError: empty, of different lengths, or not finite.
    """
    means = resampled_means({"first": first, "second": second}, resamples=resamples, seed=seed)
    return interval(_mean(first) - _mean(second), means["first"] - means["second"], level=level)


def ratio_interval(
    top: ArrayLike, bottom: ArrayLike, *, resamples: int = RESAMPLES, seed: int = 0, level: float = LEVEL
) -> Interval | None:
    """mean(top) / mean(bottom) over the same queries, with its paired interval.

    Args:
        top: (n,) finite numbers.
        bottom: (n,) numbers of at least 0, of the same queries in the same order.
        resamples: how many replicates.
        seed: of the drawing.
        level: share of the replicates between the bounds.

    Returns:
        None where the mean of `bottom` is 0: there is no ratio. Replicates in which it happens to be 0 are
        left out.

    Raises:
        EvaluationError: empty, of different lengths, or not finite.
    """
    means = resampled_means({"top": top, "bottom": bottom}, resamples=resamples, seed=seed)
    return ratio_of_replicates(_mean(top), _mean(bottom), means["top"], means["bottom"], level=level)


def ratio_of_replicates(
    top: float, bottom: float, top_replicates: Column, bottom_replicates: Column, *, level: float = LEVEL
) -> Interval | None:
    """`top / bottom` with the interval of the paired replicates; None where `bottom` is 0.

    Args:
        top: numerator.
        bottom: denominator, at least 0.
        top_replicates: (B,) of the numerator.
        bottom_replicates: (B,) of the denominator, from the same draws.
        level: share of the replicates between the bounds.
    """
    usable = bottom_replicates > 0
    if bottom <= 0 or not usable.any():
        return None
    return interval(top / bottom, top_replicates[usable] / bottom_replicates[usable], level=level)


def _column(values: ArrayLike, name: str) -> Column:
    column = np.asarray(values, dtype=np.float64)
    if column.ndim != 1 or not column.size or not np.isfinite(column).all():
        raise EvaluationError(
            f"{name}: expected a filled vector of finite numbers, got shape {column.shape}; "
            "pass one number per scored query."
        )
    return column


def _mean(values: ArrayLike) -> float:
    return float(np.asarray(values, dtype=np.float64).mean())
