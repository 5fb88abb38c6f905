from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.errors import EvaluationError
from unfind.evaluation.ranks import Ranks, rank_blocks, relevant_ranks
from unfind.evaluation.relevance import Relevance

# Few directions, so that Hypothesis meets ties, duplicates and opposite vectors all the time.
DIRECTIONS = np.array(
    [[1, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 0], [0.6, 0.8, 0], [0.6, 0, 0.8], [0.8, 0.6, 0]], dtype=np.float32
)


@st.composite
def searches(draw):
    """Embeddings with ties, singletons, classes nobody else has, and shared sources."""
    n_query, n_gallery = draw(st.integers(1, 6)), draw(st.integers(1, 14))

    def numbers(n, top):
        return np.array(draw(st.lists(st.integers(0, top), min_size=n, max_size=n)))

    directions = len(DIRECTIONS) - 1
    return {
        "query": DIRECTIONS[numbers(n_query, directions)],
        "gallery": DIRECTIONS[numbers(n_gallery, directions)],
        "query_labels": numbers(n_query, 3),
        "gallery_labels": numbers(n_gallery, 2),
        "query_sources": numbers(n_query, 9),
        "gallery_sources": numbers(n_gallery, 9),
    }


def places(ranking):
    return [place + 1 for place, right in enumerate(ranking) if right]


@pytest.mark.parametrize("ties", ["favour", "against"])
@settings(deadline=None, max_examples=60)
@given(search=searches())
def test_against_sorting_everything(slow_rankings, ties, search):
    ranks = relevant_ranks(**search, ties=ties)
    rankings = slow_rankings(**search, ties=ties)
    for i, ranking in enumerate(rankings):
        assert ranks.of(i).tolist() == places(ranking)
        assert ranks.candidates[i] == len(ranking)
        assert ranks.scored[i] == any(ranking)


@settings(deadline=None, max_examples=60)
@given(search=searches())
def test_tied_counts_the_items_that_the_rule_for_ties_can_move(search):
    favour, against = (relevant_ranks(**search, ties=ties) for ties in ("favour", "against"))
    assert np.array_equal(favour.tied, against.tied)
    moved = [int((favour.of(i) != against.of(i)).sum()) for i in range(len(favour))]
    assert favour.tied.tolist() == moved
    assert (favour.flat <= against.flat).all()


@settings(deadline=None, max_examples=60)
@given(search=searches(), seed=st.integers(0, 1000))
def test_the_order_of_the_gallery_does_not_matter(search, seed):
    order = np.random.default_rng(seed).permutation(len(search["gallery"]))
    shuffled = search | {name: search[name][order] for name in search if name.startswith("gallery")}
    assert np.array_equal(relevant_ranks(**search).flat, relevant_ranks(**shuffled).flat)


@pytest.mark.parametrize("ties", ["favour", "against"])
def test_the_same_arrays_for_every_chunk(unit, ties):
    query, gallery = unit(300, 48, 1), unit(400, 48, 2)
    gallery[50:80] = gallery[20:50]
    labels = np.arange(400) % 23
    found = [
        relevant_ranks(
            query,
            gallery,
            labels[:300],
            labels,
            query_sources=np.arange(300),
            gallery_sources=np.arange(400),
            ties=ties,
            chunk=chunk,
        )
        for chunk in (1, 7, 64, 1000, None)
    ]
    for other in found[1:]:
        for part in ("flat", "offsets", "candidates", "tied"):
            assert np.array_equal(getattr(found[0], part), getattr(other, part))


def test_by_hand():
    # similarities of the one query to the gallery: 1, .8, .6, 0
    gallery = DIRECTIONS[[0, 6, 4, 1]]
    ranks = relevant_ranks(DIRECTIONS[[0]], gallery, [1], [0, 1, 0, 1])
    assert ranks.of(0).tolist() == [2, 4]
    assert ranks.relevant.tolist() == [2]
    assert ranks.candidates.tolist() == [4]


def test_the_twin_is_left_out_wherever_it_stands():
    # the query's twin stands last; dropping rank 1 would drop the right answer and keep the twin
    gallery = DIRECTIONS[[0, 4, 3]]
    sources = {"query_sources": [7], "gallery_sources": [1, 2, 7]}
    ranks = relevant_ranks(DIRECTIONS[[0]], gallery, [5], [5, 0, 5], **sources)
    assert ranks.of(0).tolist() == [1]
    assert ranks.candidates.tolist() == [2]
    kept = relevant_ranks(DIRECTIONS[[0]], gallery, [5], [5, 0, 5])
    assert kept.of(0).tolist() == [1, 3]


def test_ties_by_hand():
    gallery = DIRECTIONS[[1, 1, 1, 2, 0]]  # four items at similarity 0, one at 1
    labels = [1, 0, 1, 0, 0]
    favour = relevant_ranks(DIRECTIONS[[0]], gallery, [1], labels, ties="favour")
    against = relevant_ranks(DIRECTIONS[[0]], gallery, [1], labels, ties="against")
    assert favour.of(0).tolist() == [2, 3]
    assert against.of(0).tolist() == [4, 5]
    assert favour.tied.tolist() == [2]


def test_collapsed_embeddings_are_worst_or_best_by_the_rule_alone():
    rows, labels = np.repeat(DIRECTIONS[[4]], 6, axis=0), np.array([0, 0, 0, 1, 1, 1])
    sources = {"query_sources": np.arange(6), "gallery_sources": np.arange(6)}
    assert (relevant_ranks(rows, rows, labels, labels, ties="favour", **sources).flat <= 2).all()
    assert (relevant_ranks(rows, rows, labels, labels, ties="against", **sources).flat >= 4).all()


def test_a_query_with_nothing_to_find_is_not_scored():
    ranks = relevant_ranks(DIRECTIONS[:3], DIRECTIONS[:3], ["a", "b", "c"], ["a", "x", "x"])
    assert ranks.scored.tolist() == [True, False, False]
    assert ranks.of(1).tolist() == []


def test_found_within_counts():
    ranks = relevant_ranks(DIRECTIONS[[0]], DIRECTIONS[[0, 6, 4, 1]], [1], [0, 1, 0, 1])
    assert [ranks.found_within(k).tolist() for k in (1, 2, 3, 4)] == [[0], [1], [1], [2]]


def test_blocks_join_to_the_whole(unit):
    rows, labels = unit(20), np.arange(20) % 4
    relevance = Relevance.build(labels, labels, n_query=20, n_gallery=20)
    parts = list(rank_blocks(rows, rows, relevance, chunk=6))
    assert [len(part) for part in parts] == [6, 6, 6, 2]
    whole = relevant_ranks(rows, rows, labels, labels)
    assert np.array_equal(Ranks.joined(parts).flat, whole.flat)
    assert np.array_equal(whole.places[whole.queries == 3], [1, 2, 3, 4, 5])


def test_progress_is_told_after_each_block(unit):
    told = []
    labels = np.zeros(10, dtype=int)
    relevant_ranks(unit(10), unit(10), labels, labels, chunk=4, progress=lambda *at: told.append(at))
    assert told == [(4, 10), (8, 10), (10, 10)]


def test_the_inputs_are_not_written_to(unit):
    rows = unit(8).astype(np.float64)
    before = rows.copy()
    relevant_ranks(rows, rows, np.zeros(8, int), np.zeros(8, int))
    assert np.array_equal(rows, before)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"query": np.zeros((3, 3), np.float32)}, "^query: .*all zeros"),
        ({"gallery": 2 * DIRECTIONS[:4]}, "^gallery: .*norm 2"),
        ({"gallery": np.full((4, 3), np.nan)}, "^gallery: .*NaN"),
        ({"gallery": np.empty((0, 3))}, "^gallery: .*filled"),
        ({"query": np.eye(4, dtype=np.float32)[:3]}, "^query: expected 3 dimensions"),
        ({"query_labels": [1, 2]}, "^query_labels"),
        ({"gallery_labels": [1, 2, 3, 4, 5]}, "^gallery_labels"),
        ({"query_sources": [1, 2, 3]}, "^gallery_sources"),
        ({"ties": "none"}, "^ties"),
        ({"chunk": 0}, "^chunk"),
    ],
)
def test_errors_name_the_argument(change, said):
    good = {
        "query": DIRECTIONS[:3],
        "gallery": DIRECTIONS[:4],
        "query_labels": [1, 2, 3],
        "gallery_labels": [1, 2, 3, 4],
    }
    assert len(relevant_ranks(**good)) == 3
    with pytest.raises(EvaluationError, match=said):
        relevant_ranks(**(good | change))


def test_relevance_of_other_arrays_is_refused(unit):
    relevance = Relevance.build([1, 2], [1, 2], n_query=2, n_gallery=2)
    with pytest.raises(EvaluationError, match=r"^relevance: expected 3 queries and 2 items"):
        rank_blocks(unit(3), unit(2), relevance)


@pytest.mark.parametrize(
    ("flat", "offsets", "candidates"),
    [([2, 1], [0, 2], [5]), ([0], [0, 1], [5]), ([6], [0, 1], [5]), ([1], [0, 2], [5]), ([1], [0, 1], [5, 5])],
)
def test_ranks_that_cannot_be_are_refused(flat, offsets, candidates):
    tied = np.zeros(len(candidates), int)
    with pytest.raises(EvaluationError):
        Ranks(np.array(flat), np.array(offsets), np.array(candidates), tied)
