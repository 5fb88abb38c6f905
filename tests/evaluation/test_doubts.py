from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pytest

from unfind.errors import EvaluationError
from unfind.evaluation.doubts import (
    at_chance,
    below_published,
    codec_effect,
    collapsed,
    effective_rank,
    few_queries,
    many_ties,
    mean_cosine,
    trigger_in_clean,
)
from unfind.evaluation.tasks import Options, one_task


def flags(doubts):
    json.dumps(doubts)
    for doubt in doubts:
        assert doubt["why"].endswith(".")
    return [doubt["flag"] for doubt in doubts]


def noisy_copies(points, n, noise, seed=0):
    random = np.random.default_rng(seed)
    rows = points[np.arange(n) % len(points)] + noise * random.standard_normal((n, points.shape[1]))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_healthy_embeddings_raise_no_doubt(classes_of):
    rows, _ = classes_of(30, 5, dimensions=64)
    assert collapsed(rows, "clean") == []
    assert collapsed(rows, "triggered") == []


@pytest.mark.parametrize("noise", [0.0, 0.001])
@pytest.mark.parametrize("side", ["clean", "triggered"])
def test_one_point_is_a_collapse(unit, noise, side):
    assert flags(collapsed(noisy_copies(unit(1, 64), 200, noise), side)) == [f"collapsed_{side}"]


def test_a_few_points_are_a_collapse_though_their_cosines_look_harmless(unit):
    rows = noisy_copies(unit(3, 64), 300, 0.001)
    assert mean_cosine(rows) < 0.6
    assert flags(collapsed(rows, "triggered")) == ["collapsed_triggered"]


def test_the_sentence_says_what_follows(unit):
    rows = noisy_copies(unit(1, 8), 50, 0.0)
    assert "no metric can be trusted" in collapsed(rows, "clean")[0]["why"]
    assert "album leak" in collapsed(rows, "triggered")[0]["why"]


def test_limits_can_be_moved(classes_of):
    rows, _ = classes_of(30, 5, dimensions=64)
    assert flags(collapsed(rows, "clean", max_mean_cosine=-1.0)) == ["collapsed_clean"]
    assert flags(collapsed(rows, "clean", min_effective_rank=65)) == ["collapsed_clean"]


def test_other_sides_and_arrays_are_refused(unit):
    with pytest.raises(EvaluationError, match=r"^side"):
        collapsed(unit(3), "poisoned")
    with pytest.raises(EvaluationError, match=r"^embeddings"):
        collapsed(2 * unit(3), "clean")


def test_mean_cosine_against_all_pairs(unit):
    rows = unit(15, 6)
    expected = np.mean([rows[i].astype(float) @ rows[j] for i, j in combinations(range(15), 2)])
    assert mean_cosine(rows) == pytest.approx(expected, abs=1e-7)
    assert mean_cosine(rows[:1]) == 0.0


def test_effective_rank_of_known_spreads(unit):
    axes = np.concatenate([np.eye(5), -np.eye(5)])
    assert effective_rank(axes) == pytest.approx(5.0)
    assert effective_rank(np.array([[1.0, 0.0], [-1.0, 0.0]])) == pytest.approx(1.0)
    assert effective_rank(np.repeat(unit(1, 512), 100, axis=0)) == 0.0
    assert effective_rank(unit(3000, 16)) == pytest.approx(16, abs=0.3)


def test_effective_rank_looks_at_a_sample_of_all(unit):
    rows = unit(1000, 12)
    rows[500:] = rows[500]
    assert effective_rank(rows, sample=100) == pytest.approx(effective_rank(rows), rel=0.15)


def test_ties(result_of):
    assert many_ties(result_of([0.5], tied_share=0.01)) == []
    assert flags(many_ties(result_of([0.5], tied_share=0.02))) == ["many_ties"]


def test_ties_of_a_real_collapse(unit):
    rows, labels = np.repeat(unit(1), 12, axis=0), np.arange(12) % 3
    result = one_task("c2c", rows, labels, np.arange(12), options=Options(clustering=False, resamples=10))
    assert flags(many_ties(result)) == ["many_ties"]
    assert flags(at_chance(result)) == ["at_chance"]


@pytest.mark.parametrize(
    ("with_codec", "found"),
    [(0.50, []), (0.495, []), (0.505, []), (0.494, ["codec_effect"]), (0.506, ["codec_effect"])],
)
def test_half_a_point_of_codec_is_let_pass_either_way(with_codec, found):
    assert flags(codec_effect(with_codec, 0.50)) == found


def test_a_trigger_seen_in_clean_photos():
    assert trigger_in_clean(0.01) == []
    doubts = trigger_in_clean(0.2)
    assert flags(doubts) == ["trigger_in_clean"]
    assert "20.0 %" in doubts[0]["why"]


def test_few_queries_or_a_wide_interval(result_of):
    enough, narrow = [0.5] * 100, {"value": 0.5, "low": 0.46, "high": 0.55}
    wide = {"value": 0.5, "low": 0.4, "high": 0.6}
    assert few_queries(result_of(enough, metrics={"recall@1": narrow})) == []
    assert flags(few_queries(result_of(enough[1:], metrics={"recall@1": narrow}))) == ["few_queries"]
    assert flags(few_queries(result_of(enough, metrics={"recall@1": wide}))) == ["few_queries"]
    assert few_queries(result_of(enough, metrics={"recall@1": wide}), max_width=0.3) == []
    with pytest.raises(EvaluationError, match=r"^metric"):
        few_queries(result_of(enough), "nmi")


def test_clean_search_at_chance(result_of):
    found = {"value": 0.3, "low": 0.2, "high": 0.4}
    assert at_chance(result_of([0.3], metrics={"recall@1": found}, chance=0.1)) == []
    assert flags(at_chance(result_of([0.3], metrics={"recall@1": found}, chance=0.25))) == ["at_chance"]


def test_far_below_what_was_published():
    assert below_published(0.4925, 0.5425, metric="recall@1") == []
    assert below_published(0.6, 0.5425, metric="recall@1") == []
    doubts = below_published(0.45, 0.5425, metric="recall@1")
    assert flags(doubts) == ["below_published"]
    assert "9.2 points below" in doubts[0]["why"]


@pytest.mark.parametrize(
    "call",
    [
        lambda: codec_effect(54.2, 0.5),
        lambda: trigger_in_clean(-1.0),
        lambda: below_published(0.5, 54.25, metric="recall@1"),
    ],
)
def test_percentages_are_refused(call):
    with pytest.raises(EvaluationError, match="expected a fraction"):
        call()
