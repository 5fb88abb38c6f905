from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from unfind.errors import EvaluationError
from unfind.evaluation.ranks import relevant_ranks
from unfind.evaluation.relevance import Relevance
from unfind.evaluation.tags import are_tags, check_tags, shared_tags

WIDTH = 4


def tables(rows: st.SearchStrategy[int]) -> st.SearchStrategy[np.ndarray]:
    return rows.flatmap(lambda n: hnp.arrays(np.bool_, (n, WIDTH)))


@given(tables(st.integers(1, 6)), tables(st.integers(0, 8)))
@settings(deadline=None, max_examples=60)
def test_members_share_a_tag_and_nobody_else_does(query: np.ndarray, gallery: np.ndarray) -> None:
    tags = shared_tags(query, gallery, len(query), len(gallery))
    assert (tags.n_query, tags.n_gallery) == (len(query), len(gallery))
    for place, row in enumerate(query):
        expected = [j for j, item in enumerate(gallery) if any(a and b for a, b in zip(row, item, strict=True))]
        assert tags.members(place).tolist() == expected


@given(tables(st.integers(1, 5)), tables(st.integers(1, 8)), st.data())
@settings(deadline=None, max_examples=40)
def test_relevance_by_tags_leaves_out_what_relevance_by_label_leaves_out(
    query: np.ndarray, gallery: np.ndarray, data: st.DataObject
) -> None:
    own = data.draw(hnp.arrays(np.int64, len(query), elements=st.integers(0, 3)))
    theirs = data.draw(hnp.arrays(np.int64, len(gallery), elements=st.integers(0, 3)))
    relevance = Relevance.build(
        query, gallery, n_query=len(query), n_gallery=len(gallery), query_sources=own, gallery_sources=theirs
    )
    assert (relevance.n_query, relevance.n_gallery) == (len(query), len(gallery))
    for place, row in enumerate(query):
        relevant, left_out = relevance.of(place)
        assert left_out.tolist() == [j for j in range(len(gallery)) if own[place] == theirs[j]]
        shared = [j for j in range(len(gallery)) if (row & gallery[j]).any()]
        assert relevant.tolist() == [j for j in shared if own[place] != theirs[j]]


def test_one_tag_each_is_the_same_as_labels(unit) -> None:
    labels, others = np.array([0, 2, 1, 2]), np.array([2, 2, 0, 1, 0])
    table = np.eye(3, dtype=np.bool_)
    query, gallery = unit(4), unit(5, seed=1)
    by_label = relevant_ranks(query, gallery, labels, others)
    by_tag = relevant_ranks(query, gallery, table[labels], table[others])
    assert np.array_equal(by_label.flat, by_tag.flat)
    assert np.array_equal(by_label.offsets, by_tag.offsets)


def test_a_photo_without_tags_is_no_scored_query(unit) -> None:
    tags = np.array([[True, False], [False, False], [True, True]])
    ranks = relevant_ranks(unit(3), unit(3, seed=1), tags, tags)
    assert ranks.scored.tolist() == [True, False, True]


@pytest.mark.parametrize(
    "tags", [np.ones((3, 2)), np.ones((2, 2), bool), np.ones(3, bool), np.ones((3, 2, 1), bool), [[1, 0]] * 3]
)
def test_what_is_no_table_of_tags_is_refused(tags: np.ndarray) -> None:
    with pytest.raises(EvaluationError, match="mine: expected 3 rows of booleans"):
        check_tags(tags, "mine", 3)


def test_tables_of_two_kinds_are_refused() -> None:
    with pytest.raises(EvaluationError, match="expected 3 tags like gallery_labels, got 2"):
        shared_tags(np.ones((1, 2), bool), np.ones((1, 3), bool), 1, 1)


def test_tags_on_one_side_and_labels_on_the_other_are_refused(unit) -> None:
    with pytest.raises(EvaluationError, match="gallery_labels: expected 2 rows of booleans"):
        relevant_ranks(unit(2), unit(2), np.ones((2, 3), bool), np.array([0, 1]))


def test_tags_are_told_from_labels_by_their_shape() -> None:
    assert are_tags(np.ones((2, 3), bool))
    assert not are_tags([1, 2, 3])
    assert not are_tags(np.array(["a", "b"]))
