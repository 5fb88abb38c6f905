from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unfind.studies.service_search import fill, latencies, measure_search, recall
from unfind.studies.service_vectors import crowded


@pytest.mark.parametrize("kind", ["cosine", "hamming"])
def test_a_gallery_is_filled(tmp_path: Path, kind: str) -> None:
    rows = crowded(30, 16)
    vectors = rows if kind == "cosine" else np.packbits(rows > 0, axis=1)
    gallery = fill(tmp_path / "g", vectors, kind, thumbnail_bytes=10)
    assert (gallery.info().count, gallery.info().dimension, gallery.info().kind) == (30, 16, kind)
    assert gallery.search(vectors[:1], 1)[0][0].score == pytest.approx(1, abs=1e-5)


def test_calls_are_timed_after_some_that_are_not() -> None:
    calls: list[int] = []
    taken = latencies(calls.append, 5, warm=2)
    assert calls == [0, 1, 0, 1, 2, 3, 4]
    assert len(taken) == 5
    assert all(value >= 0 for value in taken)


def test_recall_is_the_share_that_was_found() -> None:
    assert recall([["a", "b"], ["c", "d"]], [["b", "x"], ["d", "c"]]) == 0.75
    assert recall([["a"], []], [["a"], []]) == 1.0


def test_everything_is_measured(tmp_path: Path) -> None:
    seen = measure_search(tmp_path, 200, 16, 5)
    assert {len(seen[name]) for name in ("exact_ms", "approximate_ms", "hamming_ms")} == {5}
    assert seen["recall_at_10"] == 1.0  # so small a gallery has no index
    assert seen["open_seconds"] > 0
