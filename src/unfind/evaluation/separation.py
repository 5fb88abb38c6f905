"""How well a detector's scores tell two groups apart: the area under its curve, its alarms, the top of its list."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from unfind.errors import EvaluationError
from unfind.evaluation.bootstrap import RESAMPLES, Interval, interval
from unfind.evaluation.checks import check_count, check_fraction

Scores = NDArray[np.float64]
MAD_TO_DEVIATION = 1.4826
"""The median absolute deviation of normal numbers, times this, is their standard deviation."""


def auc(suspect: ArrayLike, clean: ArrayLike) -> float:
    """The chance that a suspect scores higher than a clean one, ties counting half.

    It is the area under the receiver operating curve (Mann and Whitney 1947).

    Args:
        suspect: (S,) finite scores of what should be found.
        clean: (C,) finite scores of what should not.

    Returns:
        0..1; 0.5 is no better than lots.

    Raises:
        EvaluationError: a group is empty or not finite.
    """
    first, second = _scores(suspect, "suspect"), _scores(clean, "clean")
    return float(_areas(first[None], second[None])[0])


def auc_interval(suspect: ArrayLike, clean: ArrayLike, *, resamples: int = RESAMPLES, seed: int = 0) -> Interval:
    """The same with its 95 % interval: both groups are resampled, each by itself.

    Args:
        suspect: (S,) finite scores.
        clean: (C,) finite scores.
        resamples: how many replicates.
        seed: of the drawing.

    Raises:
        EvaluationError: a group is empty or not finite.
    """
    first, second = _scores(suspect, "suspect"), _scores(clean, "clean")
    check_count(resamples, "resamples")
    random = np.random.default_rng(seed)
    drawn = [scores[random.integers(0, len(scores), (resamples, len(scores)))] for scores in (first, second)]
    return interval(auc(first, second), _areas(drawn[0], drawn[1]))


def alarm_threshold(clean: ArrayLike, rate: float) -> float:
    """The score above which at most a share ``rate`` of clean ones lies.

    Args:
        clean: (C,) finite scores of clean items; with fewer than ``1 / rate`` of them it is the highest.
        rate: 0..1.

    Raises:
        EvaluationError: no scores, or a rate that is no fraction.
    """
    scores = np.sort(_scores(clean, "clean"))
    allowed = int(np.floor(check_fraction(rate, "rate") * len(scores)))
    return float(scores[max(0, len(scores) - 1 - allowed)])


def share_above(scores: ArrayLike, threshold: float) -> float:
    """The share of scores above a threshold, 0..1.

    Raises:
        EvaluationError: no scores.
    """
    return float((_scores(scores, "scores") > threshold).mean())


def precision_at_top(scores: ArrayLike, wanted: ArrayLike) -> float:
    """Of the highest scores, as many as there are wanted items, the share that is wanted.

    Ties count as in the mean over all their orders.

    Args:
        scores: (N,) finite.
        wanted: (N,) booleans, at least one true.

    Raises:
        EvaluationError: nothing is wanted, or the two differ in length.
    """
    rows, mask = _scores(scores, "scores"), np.asarray(wanted, dtype=np.bool_)
    if mask.shape != rows.shape or not mask.any():
        raise EvaluationError(
            f"wanted: expected {len(rows)} booleans, one true at least, got shape {mask.shape}; mark what is sought."
        )
    count = int(mask.sum())
    edge = np.sort(rows)[::-1][count - 1]
    sure, tied = rows > edge, rows == edge
    places = count - int(sure.sum())
    return float((mask[sure].sum() + places * mask[tied].mean()) / count)


def anomaly_index(value: float, others: Sequence[float], *, least_deviation: float) -> float:
    """How many deviations a value lies above the median of others.

    Neural Cleanse (Wang et al. 2019) takes the median absolute deviation for the deviation and calls 2 an anomaly.

    Args:
        value: what is looked at.
        others: what is ordinary, at least one.
        least_deviation: what ordinary values differ by anyway; a few that happen to agree prove nothing.

    Raises:
        EvaluationError: no others, or a least deviation that is not above 0.
    """
    rows = _scores(others, "others")
    if not least_deviation > 0:
        raise EvaluationError(f"least_deviation: expected a number above 0, got {least_deviation}; 0.05 is usual.")
    middle = float(np.median(rows))
    deviation = MAD_TO_DEVIATION * float(np.median(np.abs(rows - middle)))
    return (value - middle) / max(deviation, least_deviation)


def _areas(suspect: Scores, clean: Scores) -> Scores:
    """The area of each row's groups, (R, S) and (R, C) to (R,)."""
    wins, others = suspect.shape[1], clean.shape[1]
    ranks = rankdata(np.concatenate([suspect, clean], axis=1), axis=1)[:, :wins]
    areas: Scores = (ranks.sum(1) - wins * (wins + 1) / 2) / (wins * others)
    return areas


def _scores(values: ArrayLike, name: str) -> Scores:
    scores = np.asarray(values, dtype=np.float64)
    if scores.ndim != 1 or not scores.size or not np.isfinite(scores).all():
        raise EvaluationError(
            f"{name}: expected a filled vector of finite scores, got shape {scores.shape}; give one for each photo."
        )
    return scores
