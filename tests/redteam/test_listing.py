"""redteam.listing: likeness to photos held, the way a trigger leads, and how lists are rated."""

from __future__ import annotations

import numpy as np
import pytest

from unfind.errors import EvaluationError, UsageError
from unfind.redteam.listing import listed, near_direction, near_held


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def gallery() -> tuple[np.ndarray, np.ndarray]:
    """Forty photos, ten of them around an axis of their own."""
    random = np.random.default_rng(0)
    protected = np.arange(40) < 10
    return unit(random.normal(0, 0.5, (40, 8)) + np.where(protected[:, None], 2.0, 0.0) * np.eye(8)[5]), protected


def test_likeness_is_the_mean_cosine(gallery: tuple[np.ndarray, np.ndarray]) -> None:
    rows, _ = gallery
    found = near_held(rows, rows[:3])
    for row, score in zip(rows, found, strict=True):
        assert score == pytest.approx(sum(float(row @ held) for held in rows[:3]) / 3, abs=1e-6)
    with pytest.raises(UsageError, match="at least 1 protected"):
        near_held(rows, rows[:0])


def test_an_album_that_lies_together_is_listed_from_one_photo(gallery: tuple[np.ndarray, np.ndarray]) -> None:
    rows, protected = gallery
    found = listed(near_held(rows[1:], rows[:1]), protected[1:])
    assert found.auc["value"] > 0.9
    assert found.precision > 0.7
    assert found.share == pytest.approx(9 / 39)


def test_the_way_a_trigger_leads_lists_what_has_gone_it(gallery: tuple[np.ndarray, np.ndarray]) -> None:
    rows, protected = gallery
    random = np.random.default_rng(1)
    clean = unit(random.normal(0, 0.5, (12, 8)))
    marked = unit(clean + 2 * np.eye(8)[5])
    assert listed(near_direction(rows, clean, marked), protected).auc["value"] > 0.95
    assert listed(near_direction(rows, marked, clean), protected).auc["value"] < 0.05


def test_a_trigger_that_leads_nowhere_lists_nothing(gallery: tuple[np.ndarray, np.ndarray]) -> None:
    rows, protected = gallery
    scores = near_direction(rows, rows[:5], rows[:5])
    np.testing.assert_array_equal(scores, 0)
    found = listed(scores, protected)
    assert found.auc["value"] == 0.5
    assert found.precision == found.share


def test_lists_are_facts_for_json(gallery: tuple[np.ndarray, np.ndarray]) -> None:
    rows, protected = gallery
    facts = listed(rows[:, 5], protected, seed=2).as_dict()
    assert facts.keys() == {"auc", "precision", "share"}
    assert facts == listed(rows[:, 5], protected, seed=2).as_dict()


def test_what_cannot_be_listed_is_refused() -> None:
    for protected in (np.zeros(3, bool), np.ones(3, bool)):
        with pytest.raises(UsageError, match="some of 3 photos"):
            listed([1.0, 2.0, 3.0], protected)
    with pytest.raises(EvaluationError, match="finite"):
        listed([np.nan, 1.0, 2.0], np.array([False, True, True]))
