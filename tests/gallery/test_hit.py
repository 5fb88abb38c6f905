"""A found photo."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from unfind.gallery.hit import Hit
from unfind.gallery.ids import content_id
from unfind.gallery.store import Gallery


def test_pictures_are_left_out_unless_given() -> None:
    assert Hit("0" * 32, 0.5, "a.jpg", "", 4, 3).thumbnail == b""


def test_a_hit_cannot_be_changed() -> None:
    hit = Hit("0" * 32, 0.5, "a.jpg", "", 4, 3)
    with pytest.raises(dataclasses.FrozenInstanceError):
        hit.score = 1.0  # type: ignore[misc]


def test_equal_finds_are_equal() -> None:
    assert Hit("0" * 32, 0.5, "a.jpg", "", 4, 3) == Hit("0" * 32, 0.5, "a.jpg", "", 4, 3)


def test_a_search_fills_every_field(gallery: Gallery, record, unit) -> None:
    rows = unit(3)
    gallery.add([record(name, row) for name, row in zip("abc", rows, strict=True)])
    found = gallery.search(rows[1:2], 3, thumbnails=True)[0]
    best = found[0]
    assert (best.id, best.path, best.label) == (content_id(b"b"), "/photos/b", "auklet")
    assert (best.width, best.height) == (640, 480)
    assert best.thumbnail == b"\xff\xd8b"
    np.testing.assert_allclose([hit.score for hit in found], sorted(rows @ rows[1], reverse=True), atol=1e-5)
