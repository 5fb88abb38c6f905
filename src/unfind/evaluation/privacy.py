"""How much of the search is taken away where it should be, and how much where it should not.

The privacy-preserving success rate of the MIP paper is, for each metric, (clean - task) / clean, with the
clean model's c2c as `clean`. Benign drop is what the protected model's c2c lacks of it.
"""

from __future__ import annotations

import numpy as np

from unfind.errors import EvaluationError
from unfind.evaluation.bootstrap import Interval, interval, ratio_of_replicates
from unfind.evaluation.task_result import TaskResult


def psr(clean: TaskResult, task: TaskResult) -> dict[str, Interval | None]:
    """Privacy-preserving success rate of a task, for each metric both results hold.

    Args:
        clean: c2c of the clean model.
        task: a task of the protected model on the same queries.

    Returns:
        {metric: 1 - task / clean with its paired interval}; None where the clean model finds nothing, since
        what is not there cannot be taken away. Negative where the task finds more than the clean model.

    Raises:
        EvaluationError: the two were not measured on the same queries and draws.
    """
    _check_paired(clean, task)
    return {name: _success(name, clean, task) for name in clean.metrics if name in task.metrics}


def benign_drop(clean: TaskResult, protected: TaskResult) -> dict[str, Interval]:
    """What ordinary search loses, for each metric both results hold.

    Args:
        clean: c2c of the clean model.
        protected: c2c of the protected model on the same queries.

    Returns:
        {metric: clean - protected with its paired interval}, in -1..1; negative where search became better.

    Raises:
        EvaluationError: the two were not measured on the same queries and draws.
    """
    _check_paired(clean, protected)
    return {name: _drop(name, clean, protected) for name in clean.metrics if name in protected.metrics}


def _success(name: str, clean: TaskResult, task: TaskResult) -> Interval | None:
    before, after = clean.replicates[name], task.replicates[name]
    value = clean.value(name)
    return ratio_of_replicates(value - task.value(name), value, before - after, before)


def _drop(name: str, clean: TaskResult, protected: TaskResult) -> Interval:
    replicates = clean.replicates[name] - protected.replicates[name]
    return interval(clean.value(name) - protected.value(name), replicates)


def _check_paired(clean: TaskResult, other: TaskResult) -> None:
    sizes = [len(next(iter(result.replicates.values()))) for result in (clean, other)]
    same_draws = clean.seed == other.seed and sizes[0] == sizes[1]
    if not same_draws or not np.array_equal(clean.scored, other.scored):
        raise EvaluationError(
            f"clean: expected the {other.n_query} queries, seed and resamples of {other.task}, got "
            f"{clean.n_query} queries, seed {clean.seed} and {sizes[0]} resamples; "
            "measure both on the same photos with the same options."
        )
