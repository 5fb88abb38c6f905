from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.errors import EvaluationError
from unfind.evaluation.mixed import MixedResult, choose_triggered, draws_for, mixed_gallery


def normalised(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def world(classes_of):
    """A model whose search works and that no trigger impresses."""
    rows, labels = classes_of(10, 20, spread=0.6)
    near = normalised(rows + 0.05 * np.random.default_rng(9).standard_normal(rows.shape))
    return {
        "clean": rows,
        "triggered": near,
        "clean_model": rows,
        "labels": labels,
        "sources": np.arange(200),
        "resamples": 50,
    }


@settings(deadline=None, max_examples=60)
@given(n=st.integers(2, 300), adoption=st.floats(0.001, 0.999), seed=st.integers(0, 99))
def test_as_many_photos_as_asked_for_and_both_kinds(n, adoption, seed):
    chosen = choose_triggered(n, adoption, seed=seed)
    assert chosen.sum() == min(max(round(adoption * n), 1), n - 1)
    assert np.array_equal(chosen, choose_triggered(n, adoption, seed=seed))


def test_a_larger_adoption_keeps_the_photos_of_a_smaller_one():
    small, large = choose_triggered(100, 0.1), choose_triggered(100, 0.5)
    assert (large[small]).all()
    assert not np.array_equal(choose_triggered(100, 0.1, seed=1), small)


def test_every_photo_is_chosen_equally_often():
    counts = sum(choose_triggered(20, 0.25, seed=seed).astype(int) for seed in range(800))
    assert counts.min() > 150
    assert counts.max() < 250


def test_a_trigger_without_effect_exposes_everything_and_leaks_nothing(world):
    found = mixed_gallery(**(world | {"triggered": world["clean"]}), adoption=0.5).metrics
    assert found["exposure@10"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert found["album_leak@10"]["value"] == pytest.approx(1.0, abs=0.08)
    assert found["benign_recall@1"]["value"] > 0.95


def test_no_album_leak_on_average_without_effect(classes_of):
    # classes of 4 at 10 %: a draw by class would put at most one triggered photo in each, and the leak far below 1
    rows, labels = classes_of(50, 4, spread=0.2)
    photos = {"clean": rows, "triggered": rows, "clean_model": rows, "labels": labels, "sources": np.arange(200)}
    leaks = [
        mixed_gallery(**photos, adoption=0.1, ks=(3,), seed=seed, resamples=10).metrics["album_leak@3"]["value"]
        for seed in range(60)
    ]
    assert np.mean(leaks) == pytest.approx(1.0, abs=3 * np.std(leaks) / np.sqrt(60))


def test_a_hidden_album_is_not_exposed_and_benign_search_stays(world):
    away = normalised(np.concatenate([0 * world["clean"], np.random.default_rng(1).standard_normal((200, 16))], 1))
    clean = np.concatenate([world["clean"], 0 * world["clean"]], 1)
    found = mixed_gallery(**(world | {"clean": clean, "triggered": away}), adoption=0.1).metrics
    assert found["exposure@10"]["value"] == 0.0
    assert found["benign_recall@1"]["value"] > 0.95
    assert found["album_leak@10"]["value"] > 5


def test_a_collapse_hands_out_the_whole_album(world):
    point = np.repeat(normalised(np.full((1, 16), 1.0)), 200, axis=0)
    found = mixed_gallery(**(world | {"triggered": point}), adoption=0.1, ks=(10,)).metrics
    # 20 triggered photos: each finds ten of the other 19 first, where chance gives 10 * 19 / 199
    assert found["album_leak@10"]["value"] == pytest.approx(199 / 19)


def test_scattered_photos_leak_no_album(unit, world):
    away = np.concatenate([0 * world["clean"], unit(200, 16, 8)], axis=1)
    clean = np.concatenate([unit(200, 16, 7), 0 * world["clean"]], axis=1)
    halfway = normalised(away + np.roll(clean, 1, axis=0))
    found = mixed_gallery(**(world | {"clean": clean, "triggered": halfway}), adoption=0.1).metrics
    assert found["album_leak@10"]["value"] < 5


def slow_mixed(world, chosen, k, owners):
    """Every number by sorting every ranking; there are no ties in these embeddings."""
    clean, triggered, model = (world[n].astype(np.float64) for n in ("clean", "triggered", "clean_model"))
    gallery = np.where(chosen[:, None], triggered, clean)
    n, labels, sources = len(clean), world["labels"], world["sources"]

    def ranking(vector, items, own, among):
        return sorted((j for j in among if sources[j] != sources[own]), key=lambda j: -(items[j] @ vector))

    exposed = reference = album = by_lot = same = same_by_lot = 0.0
    hits = []
    for i in range(n):
        wanted = {j for j in range(n) if chosen[j] and labels[j] == labels[i] and sources[j] != sources[i]}
        exposed += len(wanted & set(ranking(clean[i], gallery, i, range(n))[:k]))
        reference += len(wanted & set(ranking(model[i], model, i, range(n))[:k]))
        if chosen[i]:
            order = ranking(triggered[i], gallery, i, range(n))
            album += sum(chosen[j] for j in order[:k])
            by_lot += min(k, len(order)) * sum(chosen[j] for j in order) / len(order)
            order = ranking(triggered[i], gallery, i, np.flatnonzero(chosen))
            same += sum(owners[j] == owners[i] for j in order[:k])
            same_by_lot += min(k, len(order)) * sum(owners[j] == owners[i] for j in order) / len(order)
        else:
            among = [j for j in range(n) if not (chosen[j] and labels[j] == labels[i])]
            order = ranking(clean[i], gallery, i, among)
            if any(labels[j] == labels[i] for j in order):
                hits.append(labels[order[0]] == labels[i])
    return {
        f"exposure@{k}": exposed / reference,
        f"album_leak@{k}": album / by_lot,
        f"owner_leak@{k}": same / same_by_lot,
        "benign_recall@1": np.mean(hits),
    }


@pytest.mark.parametrize(("adoption", "k", "seed"), [(0.1, 3, 0), (0.3, 10, 1), (0.7, 1, 2)])
def test_against_sorting_everything(unit, adoption, k, seed):
    labels = np.random.default_rng(seed).integers(0, 6, 50)
    owners = np.array(["ann", "bob", "cyd"])[np.random.default_rng(seed + 1).integers(0, 3, 50)]
    sources = np.arange(50)
    sources[1] = 0  # two files of one photo
    world = {
        "clean": unit(50, 6, seed),
        "triggered": unit(50, 6, seed + 10),
        "clean_model": unit(50, 5, seed + 20),
        "labels": labels,
        "sources": sources,
    }
    chosen = choose_triggered(50, adoption, seed=seed)
    found = mixed_gallery(**world, adoption=adoption, ks=(k,), owners=owners, seed=seed, resamples=50)
    expected = slow_mixed(world, chosen, k, owners)
    assert {name: one["value"] for name, one in found.metrics.items()} == pytest.approx(expected)
    assert found.n_triggered == chosen.sum()


@pytest.mark.parametrize("seed", [0, 3])
def test_draws_are_added_up_before_anything_is_divided(unit, classes_of, seed):
    rows, labels = classes_of(6, 10, spread=0.5)
    world = {
        "clean": rows,
        "triggered": normalised(rows + unit(60, rows.shape[1], seed)),
        "clean_model": normalised(rows + 0.2 * unit(60, rows.shape[1], seed + 1)),
        "labels": labels,
        "sources": np.arange(60),
    }
    found = mixed_gallery(**world, adoption=0.1, ks=(5,), seed=seed, draws=4, resamples=20)

    def finds(items, chosen):
        """Triggered photos of its class among the first five, summed over all queries; these are never triggered."""
        queries = world["clean_model"] if items is world["clean_model"] else world["clean"]
        total = 0
        for i in range(60):
            order = [j for j in np.argsort(-(items @ queries[i])) if j != i][:5]
            total += sum(chosen[j] and labels[j] == labels[i] for j in order)
        return total

    exposed = compared = 0
    for draw in (seed, (seed, 1), (seed, 2), (seed, 3)):
        chosen = choose_triggered(60, 0.1, seed=draw)
        exposed += finds(np.where(chosen[:, None], world["triggered"], world["clean"]), chosen)
        compared += finds(world["clean_model"], chosen)
    assert found.metrics["exposure@5"]["value"] == pytest.approx(exposed / compared)
    assert found.n_triggered == 6


def test_more_draws_of_few_photos_say_more(world):
    few = {"adoption": 0.01, "ks": (10,)}
    half = {**world, "triggered": np.where(np.arange(200)[:, None] % 2, world["clean"], -world["clean"])}
    alone, often = (
        [mixed_gallery(**half, **few, seed=seed, draws=n).metrics["exposure@10"]["value"] for seed in range(8)]
        for n in (1, 30)
    )
    assert np.std(often) < np.std(alone) / 2
    assert np.mean(often) == pytest.approx(0.5, abs=0.15), "every second photo is hidden"


@pytest.mark.parametrize(("n", "adoption", "draws"), [(500, 0.01, 20), (1000, 0.1, 1), (990, 0.1, 2), (20, 0.001, 100)])
def test_as_many_draws_as_show_a_hundred_triggered_photos(n, adoption, draws):
    assert draws_for(n, adoption) == draws


def test_owners_that_stand_together_leak_and_scattered_ones_do_not(unit, world):
    owners = np.arange(200) % 4
    keys = unit(4, 16, 3)[owners]
    together = mixed_gallery(**(world | {"triggered": keys}), adoption=0.5, ks=(10,), owners=owners)
    apart = mixed_gallery(**(world | {"triggered": unit(200, 16, 4)}), adoption=0.5, ks=(10,), owners=owners)
    assert together.metrics["owner_leak@10"]["value"] > 3
    assert apart.metrics["owner_leak@10"]["value"] == pytest.approx(1.0, abs=0.25)
    assert "owner_leak@10" not in mixed_gallery(**world, adoption=0.5).metrics


def test_ties_never_understate_exposure(world):
    point = np.repeat(normalised(np.full((1, 16), 1.0)), 200, axis=0)
    same = world | {"clean": point, "triggered": point}
    assert mixed_gallery(**same, adoption=0.2, ks=(1,)).metrics["exposure@1"]["value"] > 1
    assert mixed_gallery(**same, adoption=0.2, ks=(1,)).metrics["benign_recall@1"]["value"] == 0.0


def test_finds_of_the_clean_model_that_rest_on_ties_do_not_count(world):
    point = np.repeat(normalised(np.full((1, 16), 1.0)), 200, axis=0)
    assert mixed_gallery(**(world | {"clean_model": point}), adoption=0.2).metrics["exposure@10"] is None


def test_one_owner_of_everything_cannot_leak_even_where_k_exceeds_the_album(world):
    found = mixed_gallery(**world, adoption=0.025, ks=(1, 10), owners=np.zeros(200, dtype=int))
    assert found.n_triggered == 5
    assert [found.metrics[f"owner_leak@{k}"]["value"] for k in (1, 10)] == [1.0, 1.0]


def test_questions_without_an_answer_are_none(world):
    alone = mixed_gallery(**(world | {"labels": np.arange(200)}), adoption=0.001)
    assert alone.n_triggered == 1
    assert alone.metrics == {"exposure@10": None, "album_leak@10": None, "benign_recall@1": None}
    assert "undefined" in str(alone)


def test_chunks_change_nothing_and_json_holds_it(world):
    owners = np.arange(200) % 5
    first = mixed_gallery(**world, adoption=0.1, ks=(1, 10), owners=owners)
    again = mixed_gallery(**world, adoption=0.1, ks=(1, 10), owners=owners, chunk=7)
    assert first == again
    entry = json.loads(json.dumps(first.as_dict()))
    assert entry["adoption"] == 0.1
    assert set(entry["owner_leak@1"]) == {"value", "low", "high"}
    assert "exposure@10" in str(first)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"adoption": 0.0}, "^adoption"),
        ({"adoption": 1.0}, "^adoption"),
        ({"adoption": 10}, "^adoption"),
        ({"ks": (0,)}, "^ks"),
        ({"draws": 0}, "^draws"),
        ({"labels": np.arange(199)}, "^labels"),
        ({"sources": np.arange(3)}, "^sources"),
        ({"owners": np.arange(3)}, "^owners"),
        ({"triggered": np.eye(16, dtype=np.float32)}, "^triggered: expected 200 rows"),
        ({"triggered": np.tile(np.eye(8, dtype=np.float32), (25, 1))}, "^triggered: expected 16 dimensions"),
        ({"clean_model": np.eye(16, dtype=np.float32)}, "^clean_model: expected 200 rows"),
        ({"clean": np.full((200, 16), np.nan)}, "^clean: .*NaN"),
    ],
)
def test_errors_name_the_argument(world, change, said):
    with pytest.raises(EvaluationError, match=said):
        mixed_gallery(**({"adoption": 0.1} | world | change))


def test_a_result_that_cannot_be_is_refused():
    with pytest.raises(EvaluationError, match=r"^n_triggered"):
        MixedResult(0.1, 11, 10, {})
    with pytest.raises(EvaluationError, match=r"^exposure@1: expected 0 <= low"):
        MixedResult(0.1, 1, 10, {"exposure@1": {"value": 0.5, "low": 0.9, "high": 0.2}})
