from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from unfind.errors import EvaluationError
from unfind.evaluation.compatibility import compatibility

Rows = NDArray[np.float32]


def units(seed: int, count: int = 12, dimension: int = 6) -> Rows:
    rows = np.random.default_rng(seed).normal(size=(count, dimension))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def slow_recall(query: Rows, gallery: Rows, labels: NDArray[np.int64]) -> float:
    """Photo by photo: is the nearest other photo of the same label?"""
    hits = []
    for i in range(len(query)):
        others = [j for j in range(len(gallery)) if j != i]
        if any(labels[j] == labels[i] for j in others):
            nearest = max(others, key=lambda j: float(query[i].astype(np.float64) @ gallery[j].astype(np.float64)))
            hits.append(labels[nearest] == labels[i])
    return float(np.mean(hits))


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), classes=st.integers(1, 5))
def test_it_equals_a_slow_loop(seed: int, classes: int) -> None:
    old, new = units(seed), units(seed + 1)
    labels = np.arange(12) % classes
    found = compatibility(old, new, labels)
    assert found is not None
    cosine = np.mean([float(np.dot(u.astype(np.float64), v)) for u, v in zip(old, new, strict=True)])
    expected = {
        "mean_cosine": cosine,
        "old_recall@1": slow_recall(old, old, labels),
        "new_queries_recall@1": slow_recall(new, old, labels),
        "old_queries_recall@1": slow_recall(old, new, labels),
    }
    assert found == pytest.approx(expected, abs=1e-6)


def test_a_model_that_moved_nothing_is_compatible_in_every_way() -> None:
    old, labels = units(3), np.arange(12) % 4
    found = compatibility(old, old.copy(), labels)
    assert found is not None
    assert found["mean_cosine"] == pytest.approx(1, abs=1e-6)
    assert found["old_recall@1"] == found["new_queries_recall@1"] == found["old_queries_recall@1"]


def test_a_turned_space_keeps_its_own_search_and_breaks_the_index() -> None:
    """As after ordinary training: distances within are as before, and nothing agrees with the old vectors."""
    labels = np.arange(40) % 8
    centres = units(0, 8, 8)
    old = centres[labels] + 0.1 * units(1, 40, 8)
    old = (old / np.linalg.norm(old, axis=1, keepdims=True)).astype(np.float32)
    turned = np.roll(old, 3, axis=1)
    found, within = compatibility(old, turned, labels), compatibility(turned, turned, labels)
    assert found is not None
    assert within is not None
    assert within["old_recall@1"] == found["old_recall@1"] == 1
    assert found["new_queries_recall@1"] < 0.6
    assert found["mean_cosine"] < 0.6


def test_vectors_of_different_lengths_cannot_be_compared() -> None:
    assert compatibility(units(0), units(0, dimension=4), np.zeros(12, np.int64)) is None


@pytest.mark.parametrize(("old", "new", "labels"), [(12, 11, 12), (11, 12, 12), (12, 12, 3)])
def test_what_does_not_pair_up_is_told(old: int, new: int, labels: int) -> None:
    with pytest.raises(EvaluationError, match="one old and one new vector for each label"):
        compatibility(units(0, old), units(1, new), np.zeros(labels, np.int64))


def test_without_anything_to_find_it_is_told() -> None:
    with pytest.raises(EvaluationError, match="two photos of one label, got none"):
        compatibility(units(0), units(1), np.arange(12))
