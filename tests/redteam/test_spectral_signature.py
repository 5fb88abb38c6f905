"""redteam.spectral_signature: planted poison lies along the first direction of its class."""

from __future__ import annotations

import numpy as np
import pytest

from unfind.errors import UsageError
from unfind.evaluation.separation import auc
from unfind.redteam.spectral_signature import SMALLEST, spectral_scores


def training(poisoned: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Three classes of 40; of class 1 some are pulled into one direction."""
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 40)
    features = random.normal(0, 1, (120, 10)) + 5 * np.eye(10)[labels]
    bad = np.zeros(120, bool)
    bad[40 : 40 + poisoned] = True
    features[bad] += 6 * np.eye(10)[9]
    return features, labels, bad


def test_poison_stands_out() -> None:
    features, labels, bad = training(8)
    assert auc(spectral_scores(features, labels)[bad], spectral_scores(features, labels)[~bad]) > 0.95


def test_without_poison_no_class_stands_out() -> None:
    features, labels, _ = training(0)
    scores = spectral_scores(features, labels)
    for label in range(3):
        assert scores[labels == label].mean() == pytest.approx(1)
        assert scores[labels == label].max() < 12


def test_scores_are_squared_projections_over_their_mean() -> None:
    random = np.random.default_rng(3)
    rows = random.normal(0, 1, (12, 4)) * [5, 1, 1, 1]
    centred = rows - rows.mean(0)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    squares = (centred @ vectors[:, -1]) ** 2
    np.testing.assert_allclose(spectral_scores(rows, np.zeros(12, int)), squares / squares.mean(), rtol=1e-6)


def test_small_classes_and_equal_photos_score_nothing() -> None:
    labels = np.array([0] * (SMALLEST - 1) + [1] * 6)
    assert not spectral_scores(np.random.default_rng(0).normal(size=(len(labels), 3)), labels)[labels == 0].any()
    assert not spectral_scores(np.ones((6, 3)), np.zeros(6, int)).any()


def test_labels_must_pair_up() -> None:
    with pytest.raises(UsageError, match="labels"):
        spectral_scores(np.ones((4, 2)), [0, 1])
