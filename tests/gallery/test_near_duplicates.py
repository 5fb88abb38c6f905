from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from unfind.errors import UsageError
from unfind.gallery.ids import content_id
from unfind.gallery.near_duplicates import NearDuplicate, near_duplicates
from unfind.gallery.record import Record
from unfind.gallery.store import Gallery

ID = [content_id(str(i).encode()) for i in range(4)]


def test_twins_in_the_gallery_and_in_the_batch_are_noticed(
    gallery: Gallery, unit: Callable[..., np.ndarray], record: Callable[..., Record]
) -> None:
    there = record("there", unit(1, seed=1)[0])
    gallery.add([there])
    fresh = unit(2, seed=2)
    rows = np.stack([there.vector, fresh[0], fresh[0], fresh[1]])
    found = near_duplicates(gallery, ID, rows, 0.98)
    assert [(notice.id, notice.twin) for notice in found] == [(ID[0], there.id), (ID[2], ID[1])]
    assert [notice.score for notice in found] == pytest.approx([1.0, 1.0], abs=1e-5)


def test_threshold_decides(gallery: Gallery) -> None:
    rows = np.zeros((2, 8), np.float32)
    rows[0, 0] = 1
    rows[1, :2] = 0.8, 0.6
    assert near_duplicates(gallery, ID[:2], rows, 0.81) == []
    [notice] = near_duplicates(gallery, ID[:2], rows, 0.79)
    assert notice == NearDuplicate(ID[1], ID[0], pytest.approx(0.8))


def test_codes_are_compared_by_bits(tmp_path: Path) -> None:
    gallery = Gallery.create(tmp_path / "codes", dimension=16, fingerprint="m", kind="hamming")
    rows = np.array([[0, 0], [0, 1], [255, 255]], np.uint8)
    [notice] = near_duplicates(gallery, ID[:3], rows, 0.8)
    assert (notice.id, notice.twin, notice.score) == (ID[1], ID[0], pytest.approx(1 - 2 / 16))


@pytest.mark.parametrize("threshold", [2.0, -1.1, float("nan")])
def test_impossible_thresholds_are_refused(gallery: Gallery, threshold: float) -> None:
    with pytest.raises(UsageError, match="a score lies between"):
        near_duplicates(gallery, [], np.zeros((0, 8), np.float32), threshold)
