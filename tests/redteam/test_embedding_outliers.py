"""redteam.embedding_outliers: against slow loops, on planted outliers and crowds."""

from __future__ import annotations

import numpy as np
import pytest

from unfind.errors import UsageError
from unfind.redteam.embedding_outliers import crowding, far_from_trusted


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def cone() -> np.ndarray:
    """Thirty embeddings around one axis."""
    return unit(np.random.default_rng(0).normal(0, 0.4, (30, 8)) + np.eye(8)[0])


def test_distance_is_the_mean_over_the_nearest(cone: np.ndarray) -> None:
    rows, trusted = cone[:10], cone[10:]
    found = far_from_trusted(rows, trusted, neighbours=3)
    for row, score in zip(rows, found, strict=True):
        nearest = sorted((float(row @ other) for other in trusted), reverse=True)[:3]
        assert score == pytest.approx(1 - sum(nearest) / 3, abs=1e-6)


def test_what_lies_opposite_is_farthest(cone: np.ndarray) -> None:
    rows = np.concatenate([cone[:5], -cone[:1]])
    found = far_from_trusted(rows, cone[5:])
    assert found.argmax() == 5
    assert found[5] > 1


def test_more_neighbours_than_photos_means_all(cone: np.ndarray) -> None:
    np.testing.assert_allclose(
        far_from_trusted(cone[:3], cone[3:6], neighbours=99), 1 - (cone[:3] @ cone[3:6].T).mean(1), atol=1e-6
    )


def test_a_crowd_far_away_is_seen_and_scattered_photos_are_not(cone: np.ndarray) -> None:
    random = np.random.default_rng(1)
    crowd = unit(random.normal(0, 0.02, (6, 8)) + np.eye(8)[3])
    found = crowding(np.concatenate([cone[:12], crowd]), cone[12:], neighbours=3)
    assert found[12:].min() > found[:12].max()


def test_a_photo_is_not_its_own_neighbour(cone: np.ndarray) -> None:
    alone = unit(np.concatenate([cone[:6], -cone[6:7]]))
    found = crowding(alone, cone[10:], neighbours=1)
    assert found[6] == pytest.approx(float((alone[6] @ alone[:6].T).max() - (alone[6] @ cone[10:].T).max()), abs=0.3)
    assert found[6] < 0.5  # with itself it would be near 2


def test_ordinary_photos_do_not_crowd_whatever_the_size_of_the_batch() -> None:
    random = np.random.default_rng(2)
    rows = unit(random.normal(0, 0.4, (400, 8)) + np.eye(8)[0])
    for batch in (20, 60, 340):
        assert abs(crowding(rows[:batch], rows[340:]).mean()) < 0.03


def test_what_cannot_be_compared_is_refused(cone: np.ndarray) -> None:
    with pytest.raises(UsageError, match="at least 2"):
        crowding(cone[:1], cone[1:])
    with pytest.raises(UsageError, match="neighbours"):
        far_from_trusted(cone[:2], cone[:0])
    with pytest.raises(UsageError, match="neighbours"):
        far_from_trusted(cone[:2], cone[2:], neighbours=0)
