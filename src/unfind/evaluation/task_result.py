"""What one retrieval task came to: every metric with its interval, and the queries behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unfind.errors import EvaluationError
from unfind.evaluation.bootstrap import Column, Interval, interval
from unfind.evaluation.checks import check_fraction

TASKS = ("c2c", "c2p", "p2c", "p2p")  # a2b: a is the query, b the gallery; c clean, p triggered


@dataclass(frozen=True, eq=False)
class TaskResult:
    """The metrics of one task.

    Args:
        task: one of `TASKS`.
        n_gallery: items in the gallery.
        scored: (Q,) which queries had something to find.
        per_query: {metric: (scored queries,)} in 0..1.
        metrics: {metric: value and interval}, fractions; also those that belong to no single query (nmi, f1).
        replicates: {metric: (B,)} the same metrics of resampled queries; two results of the same queries and
            seed were resampled together, so that their difference or ratio has a paired interval.
        seed: of the resampling.
        chance: recall@1 of a ranking drawn by lot.
        tied_share: share of the scored queries in which a relevant item ties with one that is not.

    Raises:
        EvaluationError: the parts do not fit together, or a number lies outside 0..1.
    """

    task: str
    n_gallery: int
    scored: NDArray[np.bool_]
    per_query: Mapping[str, Column]
    metrics: Mapping[str, Interval]
    replicates: Mapping[str, Column]
    seed: int
    chance: float
    tied_share: float

    def __post_init__(self) -> None:
        if self.task not in TASKS:
            raise EvaluationError(f"task: expected one of {', '.join(TASKS)}, got {self.task!r}; choose one.")
        check_fraction(self.chance, "chance")
        check_fraction(self.tied_share, "tied_share")
        for name, values in self.per_query.items():
            self._check_scores(name, values)
        for name, found in self.metrics.items():
            _check_bounds(name, found)
        if self.metrics.keys() != self.replicates.keys() or not self.per_query.keys() <= self.metrics.keys():
            raise EvaluationError("replicates: expected the same metrics as metrics; resample each of them.")

    def _check_scores(self, name: str, values: Column) -> None:
        if len(values) != self.n_query or not ((values >= 0) & (values <= 1)).all():
            raise EvaluationError(
                f"{name}: expected {self.n_query} values in 0..1, one per scored query, got {len(values)}; "
                "score all of them."
            )

    @property
    def n_query(self) -> int:
        """How many queries were scored."""
        return int(self.scored.sum())

    def value(self, metric: str) -> float:
        """The value of one metric.

        Raises:
            EvaluationError: it was not measured.
        """
        if metric not in self.metrics:
            raise EvaluationError(
                f"metric: expected one of {', '.join(self.metrics)}, got {metric!r}; choose a measured one."
            )
        return self.metrics[metric]["value"]

    @property
    def header(self) -> str:
        """The head of the table that `str(result)` is a row of; values are in percent."""
        return f"{'task':<5}{'queries':>8}" + "".join(f"{name:>10}" for name in self.metrics)

    def __str__(self) -> str:
        values = "".join(f"{100 * found['value']:>10.2f}" for found in self.metrics.values())
        return f"{self.task:<5}{self.n_query:>8}{values}"


def with_intervals(values: Mapping[str, float], replicates: Mapping[str, Column]) -> dict[str, Interval]:
    """Each metric's value between the percentiles of its replicates.

    Args:
        values: {metric: value}.
        replicates: {metric: (B,)} for the same metrics.
    """
    return {name: interval(value, replicates[name]) for name, value in values.items()}


def _check_bounds(name: str, found: Interval) -> None:
    for key in ("value", "low", "high"):
        check_fraction(found[key], f"{name} {key}")
    if found["low"] > found["high"]:
        raise EvaluationError(f"{name}: expected low <= high, got {found['low']} > {found['high']}; swap them.")
