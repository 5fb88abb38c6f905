"""Photos as a model sees them: decoded once, and never silently left out."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unfind.datasets.photo_set import PhotoSet
from unfind.datasets.split import Split
from unfind.errors import DataError
from unfind.images.colour import srgb
from unfind.images.decode import decode
from unfind.images.resize import to_square
from unfind.studies.material import prepare


def test_photos_take_the_one_way_of_a_photo(split: Split) -> None:
    found = prepare(split.train, 32)
    for row in (0, 4, 9):
        np.testing.assert_array_equal(found.examples.pixels[row], to_square(srgb(decode(split.train.read(row))), 32))
    np.testing.assert_array_equal(found.examples.labels, split.train.labels)
    assert (found.refused, found.warning) == ([], None)


def test_what_cannot_be_decoded_is_named_and_its_label_goes_too(as_jpeg, photo_set, wave) -> None:
    photos = {"a.jpg": as_jpeg(wave(0, 0)), "broken.jpg": b"no photo", "b.jpg": as_jpeg(wave(1, 0))}
    found = prepare(photo_set(photos, [0, 1, 2]), 16)
    assert [name for name, _ in found.refused] == ["broken.jpg"]
    assert "JPEG, PNG or WebP" in found.refused[0][1]
    assert found.examples.labels.tolist() == [0, 2]
    assert found.examples.pixels.shape == (2, 16, 16, 3)


def test_nothing_to_decode_is_an_error(photo_set) -> None:
    with pytest.raises(DataError, match=r"broken\.jpg"):
        prepare(photo_set({"broken.jpg": b"no photo"}, [0]), 16)


def test_the_second_time_nothing_is_decoded(as_jpeg, wave, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNFIND_CACHE", str(tmp_path))
    told: list[tuple[str, int, int]] = []
    file = as_jpeg(wave(0, 0))
    photos = PhotoSet("one", ("a.jpg",), np.array([0]), ("a",), lambda name: file)
    first = prepare(photos, 16, progress=lambda *facts: told.append(facts))
    assert told == [("decode one", 1, 1)]
    second = prepare(photos, 16, progress=lambda *facts: told.append(facts))
    assert len(told) == 1
    np.testing.assert_array_equal(first.examples.pixels, second.examples.pixels)
    assert any(tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="a file in place of a folder is told in other words there")
def test_a_cache_that_cannot_be_written_is_told_and_does_no_harm(
    as_jpeg, photo_set, wave, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    Image.new("RGB", (1, 1)).save(blocked, "PNG")
    monkeypatch.setenv("UNFIND_CACHE", str(blocked / "cache"))
    found = prepare(photo_set({"a.jpg": as_jpeg(wave(0, 0))}, [0]), 16)
    assert len(found.examples.pixels) == 1
    assert found.warning is not None
    assert "could not be written" in found.warning


def test_tags_go_with_their_photos(as_jpeg, wave) -> None:
    files = {"a.jpg": as_jpeg(wave(0, 0)), "broken.jpg": b"no photo", "b.jpg": as_jpeg(wave(1, 0))}
    tags = np.array([[True, False], [True, True], [False, True]])
    photos = PhotoSet("tagged", tuple(files), np.arange(3), ("a", "b", "c"), files.__getitem__, True, tags, ("x", "y"))
    found = prepare(photos, 16).examples
    assert found.tags is not None
    assert found.tags.tolist() == [[True, False], [False, True]]
    assert prepare(PhotoSet("plain", ("a.jpg",), np.array([0]), ("a",), files.__getitem__), 16).examples.tags is None
