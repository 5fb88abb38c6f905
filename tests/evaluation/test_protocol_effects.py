"""One habit at a time: against a loop, and at both ends against the two protocols."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.errors import EvaluationError
from unfind.evaluation import metrics
from unfind.evaluation.paper import paper_scores
from unfind.evaluation.protocol_effects import RECALLS, STRANGER, VARIANTS, protocol_effects
from unfind.evaluation.ranks import relevant_ranks


def slow(query, gallery, labels, exact_similarity):
    """By sorting the whole gallery and walking down it, four times."""
    found = []
    for i in range(len(query)):
        n_c = sum(1 for label in labels if label == labels[i])
        if n_c == 1:
            continue
        order = sorted(range(len(gallery)), key=lambda j: (-exact_similarity(query[i], gallery[j]), j))
        one = {STRANGER: float(order[0] != i)}
        for left_out, rest in (("own", [j for j in order if j != i]), ("first", order[1:])):
            for stop, count in (("r", n_c - 1), ("nc", n_c)):
                hits, total = 0, 0.0
                for place, j in enumerate(rest[:count], start=1):
                    if labels[j] == labels[i]:
                        hits += 1
                        total += hits / place
                one[f"map_{left_out}_{stop}"] = total / count
            one[f"recall@1_{left_out}"] = float(labels[rest[0]] == labels[i])
        found.append(one)
    return found


@st.composite
def photo_sets(draw):
    """Rows on few directions, so that ties and displaced twins abound."""
    count = draw(st.integers(2, 12))
    directions = np.eye(3, dtype=np.float32)
    pick = st.lists(st.integers(0, 2), min_size=count, max_size=count)
    labels = draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    return directions[draw(pick)], directions[draw(pick)], np.array(labels)


@settings(deadline=None, max_examples=60)
@given(photo_sets())
def test_every_variant_against_the_loop(exact_similarity, case):
    query, gallery, labels = case
    found = protocol_effects(query, gallery, labels)
    expected = slow(query, gallery, labels, exact_similarity)
    assert list(found) == [*VARIANTS, *RECALLS, STRANGER]
    for name, values in found.items():
        assert values.tolist() == pytest.approx([one[name] for one in expected]), name


def test_the_ends_are_the_two_protocols(classes_of):
    """Without ties and with every class of some photos, nothing lies between them but the two habits."""
    clean, labels = classes_of(5, 6, spread=0.8)
    triggered, _ = classes_of(5, 6, spread=0.9, seed=3)
    photos = np.arange(len(labels))
    for query, gallery in ((clean, clean), (clean, triggered), (triggered, clean)):
        found = protocol_effects(query, gallery, labels)
        paper = paper_scores(query, gallery, labels).values
        assert found["map_first_nc"] == pytest.approx(paper["map_c"])
        assert found["recall@1_first"] == pytest.approx(paper["recall@1"])
        ranks = relevant_ranks(query, gallery, labels, labels, query_sources=photos, gallery_sources=photos)
        assert found["map_own_r"] == pytest.approx(metrics.average_precision_at_r(ranks))
        assert found["recall@1_own"] == pytest.approx(metrics.recall_at(ranks, 1))


def test_a_perfect_search_is_perfect_only_without_the_query_in_the_denominator(unit):
    rows = np.repeat(unit(4), 5, axis=0)
    labels = np.repeat(np.arange(4), 5)
    found = protocol_effects(rows, rows, labels)
    assert set(found["map_own_r"]) == {1.0}
    assert found["map_own_nc"] == pytest.approx(np.full(20, 0.8))


def test_a_twin_that_does_not_come_first_is_counted_as_a_hit():
    """The stranger is nearest: it is thrown away in the twin's place, and the twin scores."""
    query = np.array([[1, 0, 0], [1, 0, 0], [0, 0, 1]], np.float32)
    gallery = np.array([[0.8, 0.6, 0], [0, 1, 0], [1, 0, 0]], np.float32)
    found = protocol_effects(query, gallery, np.array([0, 0, 1]))
    assert found["recall@1_own"][0] == 0.0
    assert found["recall@1_first"][0] == 1.0
    assert found[STRANGER].tolist() == [1.0, 1.0]


def test_photos_alone_in_their_class_are_no_queries_and_chunks_change_nothing(classes_of):
    rows, labels = classes_of(3, 4)
    labels = np.append(labels[:-1], 99)
    found = protocol_effects(rows, rows, labels)
    assert len(found["map_own_r"]) == len(rows) - 1
    again = protocol_effects(rows, rows, labels, chunk=1)
    assert all((found[name] == again[name]).all() for name in found)


def test_unpaired_arrays_are_refused(unit):
    with pytest.raises(EvaluationError, match="labels"):
        protocol_effects(unit(4), unit(4), np.zeros(3, int))
    with pytest.raises(EvaluationError, match="labels"):
        protocol_effects(unit(4), unit(5), np.zeros(4, int))
    with pytest.raises(EvaluationError, match="dimensions"):
        protocol_effects(unit(4), unit(4, dimensions=8), np.zeros(4, int))
