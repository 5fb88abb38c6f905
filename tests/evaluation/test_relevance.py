from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.errors import EvaluationError
from unfind.evaluation.relevance import Groups, Relevance


def build(query_labels, gallery_labels, **rest):
    return Relevance.build(
        query_labels, gallery_labels, n_query=len(query_labels), n_gallery=len(gallery_labels), **rest
    )


def as_lists(relevance, query):
    return [sorted(part.tolist()) for part in relevance.of(query)]


def test_same_label_is_relevant():
    assert as_lists(build([7, 8], [8, 7, 8]), 0) == [[1], []]
    assert as_lists(build([7, 8], [8, 7, 8]), 1) == [[0, 2], []]


def test_own_photo_and_twin_are_left_out_by_source():
    relevance = build([1, 1], [1, 1, 1], query_sources=["a", "b"], gallery_sources=["a", "b", "a"])
    assert as_lists(relevance, 0) == [[1], [0, 2]]
    assert as_lists(relevance, 1) == [[0, 2], [1]]


def test_a_source_is_left_out_whatever_its_label():
    relevance = build([1], [2, 1], query_sources=[5], gallery_sources=[5, 6])
    assert as_lists(relevance, 0) == [[1], [0]]


def test_unwanted_items_compete():
    relevance = build([1], [1, 1, 2], wanted=np.array([False, True, True]))
    assert as_lists(relevance, 0) == [[1], []]


def test_ignored_items_are_left_out_only_where_they_would_be_relevant():
    relevance = build([1, 2], [1, 1, 2], ignored=np.array([False, True, False]))
    assert as_lists(relevance, 0) == [[0], [1]]
    assert as_lists(relevance, 1) == [[2], []]


def test_a_label_nobody_has():
    assert as_lists(build(["x"], ["a", "b"]), 0) == [[], []]


ids = st.lists(st.integers(0, 3), min_size=1, max_size=12)


@settings(deadline=None, max_examples=60)
@given(data=st.data(), query_labels=ids, gallery_labels=ids)
def test_against_a_plain_loop(data, query_labels, gallery_labels):
    n_query, n_gallery = len(query_labels), len(gallery_labels)
    vectors = {n: st.lists(st.integers(0, 5), min_size=n, max_size=n) for n in (n_query, n_gallery)}
    flags = st.lists(st.booleans(), min_size=n_gallery, max_size=n_gallery)
    query_sources, gallery_sources = data.draw(vectors[n_query]), data.draw(vectors[n_gallery])
    wanted, ignored = data.draw(flags), data.draw(flags)
    relevance = build(
        query_labels,
        gallery_labels,
        query_sources=query_sources,
        gallery_sources=gallery_sources,
        wanted=np.array(wanted),
        ignored=np.array(ignored),
    )
    for i in range(n_query):
        relevant, left_out = [], []
        for j in range(n_gallery):
            same = query_labels[i] == gallery_labels[j]
            if query_sources[i] == gallery_sources[j] or (same and ignored[j]):
                left_out.append(j)
            elif same and wanted[j]:
                relevant.append(j)
        assert as_lists(relevance, i) == [relevant, left_out]


def test_sources_on_one_side_only():
    with pytest.raises(EvaluationError, match=r"^gallery_sources: expected sources on both sides"):
        build([1], [1], query_sources=[1])
    with pytest.raises(EvaluationError, match=r"^query_sources"):
        build([1], [1], gallery_sources=[1])


def test_lengths_and_kinds_are_checked():
    with pytest.raises(EvaluationError, match=r"^query_labels"):
        Relevance.build([1, 2], [1], n_query=3, n_gallery=1)
    with pytest.raises(EvaluationError, match=r"^gallery_sources"):
        build([1], [1], query_sources=[1], gallery_sources=[1, 2])
    with pytest.raises(EvaluationError, match="same kind"):
        build([1], ["1"])
    with pytest.raises(EvaluationError, match=r"^ignored"):
        build([1], [1], ignored=np.array([True, False]))


def test_groups_keep_gallery_order():
    groups = Groups.of_ids(np.array(["b"]), np.array(["a", "b", "c", "b"]))
    assert groups.members(0).tolist() == [1, 3]


def test_sizes():
    relevance = build([1, 2, 3], [1, 2])
    assert (relevance.n_query, relevance.n_gallery) == (3, 2)
