"""The paper protocol on the embeddings that the strict one was measured on, kept apart under its own name."""

from __future__ import annotations

from typing import Any

import numpy as np

from unfind.evaluation.paper import paper_scores, paper_task, paper_tasks
from unfind.evaluation.privacy import benign_drop, psr
from unfind.evaluation.tasks import Options
from unfind.studies.evaluate import Choices, Evaluation
from unfind.studies.published import SOURCE, published
from unfind.studies.views import PLAIN, TRIGGERED

PRIVATE = ("c2p", "p2c", "p2p")


def paper_section(evaluation: Evaluation, *, choices: Choices | None = None) -> dict[str, Any]:
    """What ``report.json`` holds under "paper".

    The official code searches the test photos with themselves also where a data set has a gallery of its own, and so
    does this. One of its habits is not repeated: it takes the epoch that is best on the test set, while the model
    measured here was chosen on validation classes.

    Args:
        evaluation: a finished one; nothing is embedded again.
        choices: those of the evaluation, for seed and clustering; None for the defaults.

    Returns:
        "clean_model", "protected_model", "benign_drop" and "psr" as in the strict report, with the metrics of
        ``evaluation.paper``; "stranger_dropped": for each private task the share of queries in which the rank that
        was thrown away was not the twin; "published": the rows of the paper's tables for this data set.
    """
    choices = choices or Choices()
    options = Options(clustering=choices.clustering, seed=choices.seed)
    labels = evaluation.views.labels
    before_rows = evaluation.clean_model[PLAIN]
    sides = {"c": evaluation.protected[PLAIN], "p": evaluation.protected[TRIGGERED]}
    before = paper_task("c2c", before_rows, before_rows, labels, options=options)
    tasks = paper_tasks(sides["c"], sides["p"], labels, options=options)
    strangers = {
        name: float(1 - paper_scores(sides[name[0]], sides[name[2]], labels).dropped_itself.mean()) for name in PRIVATE
    }
    return {
        "protocol": "paper",
        "n_query": len(labels),
        "clean_model": {"c2c": dict(before.metrics)},
        "protected_model": {name: dict(task.metrics) for name, task in tasks.items()},
        "benign_drop": dict(benign_drop(before, tasks["c2c"])),
        "psr": {name: dict(psr(before, tasks[name])) for name in PRIVATE},
        "stranger_dropped": strangers,
        "perfect_map_c": perfect_map_c(labels),
        "published": _published(str(evaluation.report["dataset"])),
    }


def perfect_map_c(labels: Any) -> float:
    """What a search without any error scores as map_c in c2c: the mean over queries of (n_c - 1) / n_c.

    Args:
        labels: (N,) integers or strings.
    """
    _, place, counts = np.unique(np.asarray(labels), return_inverse=True, return_counts=True)
    return float((1 - 1 / counts[place]).mean())


def _published(dataset: str) -> dict[str, Any] | None:
    rows = published(dataset)
    if not rows:
        return None
    found = [{"backbone": r.backbone, "method": r.method, "task": r.task, "metrics": r.metrics} for r in rows]
    return {"source": SOURCE, "rows": found}
