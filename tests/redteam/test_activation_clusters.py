"""redteam.activation_clusters: a poisoned class falls into a large part and a small one."""

from __future__ import annotations

import numpy as np
import pytest

from unfind.errors import UsageError
from unfind.redteam.activation_clusters import SMALLEST, class_splits, cluster_scores


def training(poisoned: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    labels = np.repeat([3, 5, 8], 40)
    features = random.normal(0, 1, (120, 12)) + 4 * np.eye(12)[labels]
    bad = np.zeros(120, bool)
    bad[40 : 40 + poisoned] = True
    features[bad] += 9 * np.eye(12)[11]
    return features, labels, bad


def test_the_poisoned_class_comes_first_with_its_poison_in_the_smaller_part() -> None:
    features, labels, bad = training(7)
    worst = class_splits(features, labels)[0]
    assert worst.label == 5
    assert worst.share == pytest.approx(7 / 40)
    assert worst.silhouette > 0.3
    np.testing.assert_array_equal(worst.smaller, np.flatnonzero(bad))


def test_photos_of_the_small_part_score_and_others_less() -> None:
    features, labels, bad = training(7)
    scores = cluster_scores(features, labels)
    assert scores.shape == (120,)
    assert scores[bad].min() > scores[~bad].max()


def test_without_poison_no_split_is_clear() -> None:
    features, labels, _ = training(0)
    found = class_splits(features, labels)
    assert len(found) == 3
    assert max(split.score for split in found) < 0.2


def test_the_score_is_clearness_times_smallness() -> None:
    for split in class_splits(*training(7)[:2]):
        assert split.score == pytest.approx(split.silhouette * (1 - 2 * split.share))
        assert 0 <= split.share <= 0.5


def test_small_classes_are_left_out_and_equal_photos_do_not_split() -> None:
    labels = np.array([0] * (SMALLEST - 1) + [1] * SMALLEST)
    [only] = class_splits(np.ones((len(labels), 3)), labels)
    assert (only.label, only.score) == (1, 0.0)
    assert not cluster_scores(np.ones((len(labels), 3)), labels).any()


def test_labels_must_pair_up() -> None:
    with pytest.raises(UsageError, match="labels"):
        class_splits(np.ones((4, 2)), [0, 1])
