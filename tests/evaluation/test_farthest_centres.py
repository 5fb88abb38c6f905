"""Farthest centres against a loop, and where they collapse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.errors import EvaluationError
from unfind.evaluation.farthest_centres import centre_use, class_means


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.integers(2, 6), st.integers(1, 4))
def test_against_the_loop(unit, seed, classes, each):
    rows = unit(classes * each, dimensions=5, seed=seed)
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(classes), each))
    centres = [np.mean([row for row, one in zip(rows, labels, strict=True) if one == c], 0) for c in range(classes)]
    assert class_means(rows, labels) == pytest.approx(np.array(centres), abs=1e-6)
    farthest = [int(np.argmax([np.linalg.norm(row - centre) for centre in centres])) for row in rows]
    found = centre_use(rows, labels)
    assert found.centres == classes
    assert found.used == len(set(farthest))
    assert found.busiest == pytest.approx(max(farthest.count(c) for c in range(classes)) / len(rows))


def test_opposite_classes_are_each_others_farthest():
    rows = np.array([[1, 0], [1, 0], [-1, 0], [-1, 0]], np.float32)
    found = centre_use(rows, ["a", "a", "b", "b"])
    assert (found.centres, found.used, found.busiest) == (2, 2, 0.5)
    assert found.mean_cosine == pytest.approx(-1.0)


def test_in_a_narrow_cone_one_outlier_serves_everybody(unit):
    """Embeddings as an untrained head gives them: nearly one direction, and one class a little off it."""
    cone = np.full((40, 16), 1.0) + 0.02 * unit(40)
    cone[:4, 0] += 2.0
    rows = (cone / np.linalg.norm(cone, axis=1, keepdims=True)).astype(np.float32)
    found = centre_use(rows, np.repeat(np.arange(10), 4))
    assert found.used == 2  # the outlier's own photos flee elsewhere
    assert found.busiest == pytest.approx(0.9)
    assert found.mean_cosine > 0.9


def test_labels_must_fit(unit):
    with pytest.raises(EvaluationError, match="labels"):
        centre_use(unit(3), [0, 1])
