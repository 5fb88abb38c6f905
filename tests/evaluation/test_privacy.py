from __future__ import annotations

import numpy as np
import pytest

from unfind.errors import EvaluationError
from unfind.evaluation.privacy import benign_drop, psr
from unfind.evaluation.tasks import Options, four_tasks, one_task


def replicates(*values):
    return {"replicates": {"recall@1": np.array(values)}}


def test_psr_by_hand(result_of):
    clean, task = result_of([1.0, 0.0, 1.0, 0.0]), result_of([0.25, 0.0, 0.0, 0.25], task="p2p")
    assert psr(clean, task)["recall@1"] == {"value": 0.75, "low": 0.75, "high": 0.75}


def test_the_published_cell(result_of):
    # CUB-200, PBL, C->P recall@1: 54.25 % falls to 5.11 %
    found = psr(result_of([0.5425]), result_of([0.0511], task="c2p"))["recall@1"]
    assert found["value"] == pytest.approx(0.9058, abs=1e-4)


def test_benign_drop_by_hand(result_of):
    found = benign_drop(result_of([1.0, 0.5]), result_of([0.5, 0.5]))["recall@1"]
    assert found == {"value": 0.25, "low": 0.25, "high": 0.25}


def test_the_intervals_are_paired(result_of):
    clean = result_of([0.5, 0.5], **replicates(0.4, 0.5, 0.6))
    task = result_of([0.25, 0.25], task="c2p", **replicates(0.2, 0.25, 0.3))
    assert psr(clean, task)["recall@1"] == pytest.approx({"value": 0.5, "low": 0.5, "high": 0.5})
    drop = benign_drop(clean, task)["recall@1"]
    assert drop == pytest.approx({"value": 0.25, "low": 0.2025, "high": 0.2975})


def test_a_task_that_finds_more_has_a_negative_rate(result_of):
    assert psr(result_of([0.5]), result_of([0.75], task="p2p"))["recall@1"]["value"] == -0.5
    assert benign_drop(result_of([0.5]), result_of([0.75]))["recall@1"]["value"] == -0.25


def test_where_the_clean_model_finds_nothing_there_is_no_rate(result_of):
    nothing = result_of([0.0, 0.0])
    assert psr(nothing, result_of([0.0, 0.0], task="c2p")) == {"recall@1": None}
    assert benign_drop(nothing, nothing)["recall@1"]["value"] == 0.0


def test_replicates_without_clean_hits_do_not_spoil_the_interval(result_of):
    clean = result_of([0.5, 0.5], **replicates(0.0, 0.5, 0.5))
    task = result_of([0.0, 0.0], task="c2p", **replicates(0.0, 0.0, 0.0))
    assert psr(clean, task)["recall@1"] == {"value": 1.0, "low": 1.0, "high": 1.0}


def test_all_metrics_of_real_results(classes_of, unit):
    clean, labels = classes_of(6, 8, spread=0.8)
    photos, options = np.arange(48), Options(resamples=100)
    before = one_task("c2c", clean, labels, photos, options=options)
    after = four_tasks(clean, unit(48, 16, 3), labels, photos, options=options)
    rates, drops = psr(before, after["c2p"]), benign_drop(before, after["c2c"])
    assert list(rates) == list(drops) == list(before.metrics)
    for name, rate in rates.items():
        assert rate["value"] == pytest.approx(1 - after["c2p"].value(name) / before.value(name))
        assert rate["low"] <= rate["value"] <= rate["high"] <= 1
        assert drops[name] == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert rates["map_r"]["low"] > 0.3


@pytest.mark.parametrize(
    "change",
    [{"scored": np.array([True, True, False])}, {"seed": 1}, replicates(0.5, 0.5)],
    ids=["queries", "seed", "resamples"],
)
@pytest.mark.parametrize("compare", [psr, benign_drop])
def test_results_that_do_not_pair_up_are_refused(result_of, change, compare):
    with pytest.raises(EvaluationError, match=r"^clean: expected the 2 queries, seed and resamples of c2p"):
        compare(result_of([0.5, 0.5]), result_of([0.5, 0.5], task="c2p", **change))
