from __future__ import annotations

import json

import numpy as np
import pytest

from unfind.errors import EvaluationError
from unfind.evaluation.task_result import with_intervals


def test_it_prints_itself_as_a_row_under_its_header(result_of):
    result = result_of([1.0, 0.0, 0.0, 0.0])
    assert result.header.split() == ["task", "queries", "recall@1"]
    assert str(result).split() == ["c2c", "4", "25.00"]
    assert len(result.header) == len(str(result))


def test_metrics_go_into_json_as_they_are(result_of):
    result = result_of([1.0, 0.0])
    assert json.loads(json.dumps(result.metrics)) == {"recall@1": {"value": 0.5, "low": 0.5, "high": 0.5}}


def test_values_by_name(result_of):
    result = result_of([1.0, 0.5])
    assert result.value("recall@1") == 0.75
    with pytest.raises(EvaluationError, match=r"^metric: expected one of recall@1, got 'nmi'"):
        result.value("nmi")


def test_only_scored_queries_count(result_of):
    result = result_of([1.0], scored=np.array([False, True, False]))
    assert result.n_query == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"task": "p2q"}, "^task"),
        ({"scored": np.ones(3, dtype=bool)}, "^recall@1: expected 3 values"),
        ({"per_query": {"recall@1": np.array([2.0, 0.0])}}, "^recall@1: expected 2 values in 0..1"),
        ({"per_query": {"recall@1": np.array([np.nan, 0.0])}}, "^recall@1"),
        ({"metrics": {"recall@1": {"value": 50.0, "low": 0.4, "high": 0.6}}}, "^recall@1 value"),
        ({"metrics": {"recall@1": {"value": 0.5, "low": 0.6, "high": 0.4}}}, "low <= high"),
        ({"replicates": {}}, "^replicates"),
        ({"per_query": {"other": np.array([0.0, 0.0])}}, "^replicates"),
        ({"chance": 1.5}, "^chance"),
        ({"tied_share": -0.5}, "^tied_share"),
    ],
)
def test_a_result_that_cannot_be_is_refused(result_of, change, said):
    with pytest.raises(EvaluationError, match=said):
        result_of([0.5, 0.5], **change)


def test_intervals_are_percentiles_of_the_replicates():
    found = with_intervals({"map": 0.5}, {"map": np.linspace(0, 1, 1001)})
    assert found == {"map": pytest.approx({"value": 0.5, "low": 0.025, "high": 0.975})}
