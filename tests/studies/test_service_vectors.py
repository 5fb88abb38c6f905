from __future__ import annotations

import numpy as np

from unfind.studies.service_vectors import PER_CROWD, crowded, made_up_records, near


def test_vectors_have_length_one_and_crowd() -> None:
    rows = crowded(1000, 64)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    scores = rows @ rows.T
    np.fill_diagonal(scores, -1)
    assert np.median(scores.max(axis=1)) > 0.6 > 0.3 > np.abs(np.median(scores))
    assert len(rows) > 1000 // PER_CROWD


def test_equal_seeds_give_equal_vectors() -> None:
    np.testing.assert_array_equal(crowded(50, 8, seed=3), crowded(50, 8, seed=3))
    assert not np.array_equal(crowded(50, 8, seed=3), crowded(50, 8, seed=4))


def test_queries_lie_near_rows() -> None:
    rows = crowded(500, 64)
    asked = near(rows, 20)
    assert asked.shape == (20, 64)
    np.testing.assert_allclose(np.linalg.norm(asked, axis=1), 1, atol=1e-5)
    best = (asked @ rows.T).max(axis=1)
    assert ((best > 0.85) & (best < 0.9999)).all()


def test_records_differ() -> None:
    records = list(made_up_records(crowded(5, 8), 100))
    assert len({record.id for record in records}) == 5
    assert {len(record.thumbnail) for record in records} == {100}
