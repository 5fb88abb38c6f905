from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.errors import EvaluationError
from unfind.evaluation.hash_map import hash_map, hash_scores, precision_of_hits

rankings = st.lists(st.lists(st.booleans(), min_size=1, max_size=15), min_size=1, max_size=6)


def slow(ranking, cutoff):
    """(map, map@R, map@R_of_hits, hits) of one query, place by place."""
    whole = [sum(ranking[:place]) / place for place in range(1, len(ranking) + 1) if ranking[place - 1]]
    within = [sum(ranking[:place]) / place for place in range(1, min(cutoff, len(ranking)) + 1) if ranking[place - 1]]
    relevant, hits = sum(ranking), sum(ranking[:cutoff])
    return (
        sum(whole) / relevant,
        sum(within) / min(relevant, cutoff),
        sum(within) / hits if hits else 0.0,
        hits,
    )


@settings(deadline=None, max_examples=80)
@given(rankings=rankings, cutoff=st.integers(1, 12))
def test_every_score_against_a_loop_over_the_ranking(ranks_of, rankings, cutoff):
    found = hash_scores([ranks_of(rankings)], cutoff)
    expected = [slow(ranking, cutoff) for ranking in rankings if any(ranking)]
    for name, column in zip(("map", "at", "of_hits", "hits"), range(4), strict=True):
        assert found[name].tolist() == pytest.approx([row[column] for row in expected])


@settings(deadline=None, max_examples=40)
@given(rankings=rankings, cutoff=st.integers(1, 12))
def test_the_means_against_the_loop(ranks_of, rankings, cutoff):
    expected = [slow(ranking, cutoff) for ranking in rankings if any(ranking)]
    if not expected:
        return
    found = hash_map(hash_scores([ranks_of(rankings)], cutoff), cutoff)
    assert found["map"]["value"] == pytest.approx(np.mean([row[0] for row in expected]))
    assert found[f"map@{cutoff}"]["value"] == pytest.approx(np.mean([row[1] for row in expected]))
    assert found[f"map@{cutoff}_of_hits"]["value"] == pytest.approx(np.mean([row[2] for row in expected]))
    kept = [row[2] for row in expected if row[3]]
    published = found[f"map@{cutoff}_published"]
    assert (published is None) == (not kept)
    if published is not None:
        assert published["value"] == pytest.approx(np.mean(kept))
        assert published["value"] >= found[f"map@{cutoff}_of_hits"]["value"]


def test_the_four_by_hand(ranks_of):
    """One query finds the first of its four items, one finds nothing within three places."""
    ranks = ranks_of([[True, False, False, True, True, True], [False, False, False, True, False, False]])
    found = hash_map(hash_scores([ranks], 3), 3, prefix="t_map")
    assert found["t_map@3"]["value"] == pytest.approx((1 / 3 + 0) / 2)
    assert found["t_map@3_of_hits"]["value"] == pytest.approx((1 + 0) / 2)
    assert found["t_map@3_published"]["value"] == 1
    assert found["t_map"]["value"] == pytest.approx(((1 + 2 / 4 + 3 / 5 + 4 / 6) / 4 + 1 / 4) / 2)


def test_an_attack_that_always_fails_scores_0_and_has_no_published_figure(ranks_of):
    found = hash_map(hash_scores([ranks_of([[False, False, True]] * 3)], 2), 2, prefix="t_map")
    assert found["t_map@2"]["value"] == 0
    assert found["t_map@2_of_hits"]["value"] == 0
    assert found["t_map@2_published"] is None


def test_without_a_cutoff_there_is_one_figure(ranks_of):
    found = hash_map(hash_scores([ranks_of([[True, False], [False, True]])]))
    assert list(found) == ["map"]
    assert found["map"]["value"] == pytest.approx(0.75)
    assert found["map"]["low"] <= 0.75 <= found["map"]["high"]


def test_blocks_are_joined(ranks_of):
    rows = [[True, False], [False, True], [True, True]]
    together, apart = hash_scores([ranks_of(rows)], 1), hash_scores([ranks_of([row]) for row in rows], 1)
    for name, values in together.items():
        assert values.tolist() == apart[name].tolist()


def test_the_seed_moves_the_interval_and_not_the_value(ranks_of):
    scores = hash_scores([ranks_of([[True, False, True], [False, True, True], [False, False, True]] * 4)])
    first, again, other = (hash_map(scores, seed=seed)["map"] for seed in (0, 0, 1))
    assert first == again
    assert first["value"] == other["value"]
    assert first != other


def test_nothing_to_find_is_refused(ranks_of):
    with pytest.raises(EvaluationError, match="at least one query with a relevant item"):
        hash_map(hash_scores([ranks_of([[False, False]])]))
    with pytest.raises(EvaluationError, match="at least one block"):
        hash_scores([])


@pytest.mark.parametrize("cutoff", [0, -3, 2.5])
def test_a_cutoff_that_cannot_be_right(ranks_of, cutoff):
    with pytest.raises(EvaluationError, match="cutoff: expected a whole number"):
        precision_of_hits(ranks_of([[True]]), cutoff)
