from __future__ import annotations

import numpy as np
import pytest

from unfind.errors import EvaluationError
from unfind.evaluation.clustering import assign, kmeans, nmi, pair_f1
from unfind.evaluation.metrics import mean, per_query
from unfind.evaluation.ranks import relevant_ranks
from unfind.evaluation.task_result import TASKS
from unfind.evaluation.tasks import Options, four_tasks, one_task, twin_hits

QUICK = Options(resamples=100)
NAMES = ["recall@1", "recall@2", "recall@4", "recall@8", "map", "map_r", "map@1000", "nmi", "f1"]


@pytest.fixture(scope="module")
def photos(classes_of, unit):
    """Clean photos in classes, triggered ones anywhere."""
    clean, labels = classes_of(8, 6, spread=0.9)
    return {
        "clean": clean,
        "triggered": unit(48, 16, 5),
        "labels": labels,
        "sources": np.array([f"photo{i}" for i in range(48)]),
    }


def test_the_four_tasks_against_sorting_everything(photos, slow_rankings, ranks_of):
    found = four_tasks(**photos, options=QUICK)
    assert list(found) == list(TASKS)
    sides = {"c": photos["clean"], "p": photos["triggered"]}
    labels, sources = photos["labels"], photos["sources"]
    for task, result in found.items():
        rankings = slow_rankings(
            sides[task[0]],
            sides[task[2]],
            labels,
            labels,
            sources,
            sources,
            ties="against" if task == "c2c" else "favour",
        )
        expected = mean(per_query(ranks_of(rankings)))
        assert {name: result.value(name) for name in expected} == pytest.approx(expected)


def test_every_metric_has_an_interval_around_its_value(photos):
    for result in four_tasks(**photos, options=QUICK).values():
        assert list(result.metrics) == NAMES
        for one in result.metrics.values():
            assert 0 <= one["low"] <= one["value"] <= one["high"] <= 1


def test_ties_go_against_use_and_in_the_attackers_favour(photos):
    one_point = np.repeat(photos["clean"][:1], 48, axis=0)
    found = four_tasks(**(photos | {"clean": one_point, "triggered": one_point}), options=QUICK)
    assert [found[task].value("recall@1") for task in TASKS] == [0.0, 1.0, 1.0, 1.0]
    assert all(result.tied_share == 1.0 for result in found.values())
    assert found["c2c"].value("nmi") == 0.0


def test_the_twin_is_left_out_across_domains(unit):
    # every photo is its own twin's exact copy and the only one near it; nothing else is of its class nearby
    rows = unit(20, 32)
    labels = np.arange(20) // 2
    found = four_tasks(rows, rows, labels, np.arange(20), options=QUICK)
    values = {task: result.value("recall@1") for task, result in found.items()}
    assert len(set(values.values())) == 1
    assert values["c2p"] < 0.5


def test_perfect_retrieval(classes_of):
    rows, labels = classes_of(4, 5, spread=0.001)
    found = four_tasks(rows, rows, labels, np.arange(20), options=Options(clustering=False, resamples=20))
    for result in found.values():
        assert all(one == {"value": 1.0, "low": 1.0, "high": 1.0} for one in result.metrics.values())


def test_an_official_gallery(photos, unit, slow_rankings, ranks_of):
    gallery_labels = np.arange(30) % 9
    gallery = {
        "clean_gallery": unit(30, 16, 11),
        "triggered_gallery": unit(30, 16, 12),
        "gallery_labels": gallery_labels,
        "gallery_sources": np.array([f"shop{i}" for i in range(30)]),
    }
    found = four_tasks(**photos, **gallery, options=QUICK)
    assert found["p2c"].n_gallery == 30
    rankings = slow_rankings(
        photos["triggered"], gallery["clean_gallery"], photos["labels"], gallery_labels, ties="favour"
    )
    expected = mean(per_query(ranks_of(rankings)))
    assert found["p2c"].value("map") == pytest.approx(expected["map"])


def test_chance_is_met_by_random_embeddings(unit):
    labels = np.arange(600) % 3
    result = one_task("c2c", unit(600, 64), labels, np.arange(600), options=QUICK)
    assert result.chance == pytest.approx(199 / 599)
    assert result.value("recall@1") == pytest.approx(result.chance, abs=0.08)


def test_one_task_is_one_of_the_four(photos):
    four = four_tasks(**photos, options=QUICK)
    alone = one_task("c2c", photos["clean"], photos["labels"], photos["sources"], options=QUICK)
    assert alone.metrics == four["c2c"].metrics
    assert np.array_equal(alone.replicates["nmi"], four["c2c"].replicates["nmi"])


def test_clusters_are_fitted_on_the_gallery_and_queries_assigned(photos):
    found = four_tasks(**photos, options=QUICK)
    for task, query, gallery in (("c2p", "clean", "triggered"), ("p2c", "triggered", "clean")):
        clusters = assign(photos[query], kmeans(photos[gallery], 8))
        assert found[task].value("nmi") == pytest.approx(nmi(photos["labels"], clusters))
        assert found[task].value("f1") == pytest.approx(pair_f1(photos["labels"], clusters))


def test_clustering_is_optional(photos):
    found = four_tasks(**photos, options=Options(clustering=False, resamples=50))
    assert list(found["p2p"].metrics) == NAMES[:-2]


def test_chunks_and_repetitions_change_nothing(photos):
    first = four_tasks(**photos, options=QUICK)
    again = four_tasks(**photos, options=Options(resamples=100, chunk=5))
    assert all(first[task].metrics == again[task].metrics for task in TASKS)


def test_progress_counts_all_four(photos):
    told = []
    options = Options(clustering=False, resamples=20, chunk=24, progress=lambda *at: told.append(at))
    four_tasks(**photos, options=options)
    assert told == [(24 * i, 192) for i in range(1, 9)]


def test_a_singleton_is_not_scored(photos):
    labels = photos["labels"].copy()
    labels[0] = 99
    result = one_task("c2c", photos["clean"], labels, photos["sources"], options=QUICK)
    assert result.n_query == 47
    assert not result.scored[0]


def test_twin_hits_by_hand():
    axes = np.eye(12, dtype=np.float32)
    triggered = axes.copy()
    triggered[[0, 1]] = axes[[1, 0]]  # two photos whose triggered copies are exchanged
    found = twin_hits(axes, triggered)
    # photo 0: photo 1's twin is nearer, all others tie with its own, which is the attacker's luck
    assert found == {"c2p_hit@1": pytest.approx(10 / 12), "c2p_hit@10": 1.0}


def test_twin_hits_against_a_loop(unit):
    clean = unit(40, 8)
    triggered = unit(40, 8, 1) + 1.5 * clean
    triggered /= np.linalg.norm(triggered, axis=1, keepdims=True)
    similarity = clean.astype(np.float64) @ triggered.T.astype(np.float64)
    ranks = [1 + sum(similarity[i] > similarity[i, i]) for i in range(40)]
    found = twin_hits(clean, triggered)
    assert found["c2p_hit@1"] == pytest.approx(np.mean([rank <= 1 for rank in ranks]))
    assert found["c2p_hit@10"] == pytest.approx(np.mean([rank <= 10 for rank in ranks]))


def test_scores_are_those_of_the_kernel(photos):
    labels, sources = photos["labels"], photos["sources"]
    ranks = relevant_ranks(
        photos["clean"], photos["clean"], labels, labels, query_sources=sources, gallery_sources=sources
    )
    result = one_task("c2c", photos["clean"], labels, sources, options=QUICK)
    for name, values in per_query(ranks).items():
        assert np.array_equal(result.per_query[name], values)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"triggered": np.eye(16, dtype=np.float32)}, "^triggered: expected shape"),
        ({"clean": np.zeros((48, 16))}, "^clean: .*all zeros"),
        ({"labels": np.arange(47)}, "^query_labels"),
        ({"gallery_labels": np.arange(48)}, "^gallery: .* got 1 of these 4"),
        ({"labels": np.arange(48)}, "at least one query"),
    ],
)
def test_errors_name_what_is_wrong(photos, change, said):
    with pytest.raises(EvaluationError, match=said):
        four_tasks(**(photos | change), options=Options(clustering=False, resamples=10))


def test_other_errors(photos):
    arguments = photos["clean"], photos["labels"], photos["sources"]
    with pytest.raises(EvaluationError, match=r"^task: expected one of c2c"):
        one_task("b2b", *arguments)
    with pytest.raises(EvaluationError, match=r"^gallery: .* got 1 of these 3"):
        one_task("c2c", *arguments, gallery=photos["clean"])
    gallery = {"gallery_labels": photos["labels"], "gallery_sources": photos["sources"]}
    gallery["gallery"] = np.tile(np.eye(8, dtype=np.float32), (6, 1))
    with pytest.raises(EvaluationError, match=r"^query: expected 8 dimensions"):
        one_task("c2c", *arguments, **gallery)
