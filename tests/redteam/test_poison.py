"""Poison: true labels, other pixels, and files without loss."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.errors import DataError, ImageError, UsageError
from unfind.redteam.poison import Poison, choose_photos, photos_of, poisoned, read_pictures, write_pictures
from unfind.training.batches import Examples

LABELS = np.array([0, 1, 0, 2, 0, 1, 0, 0])
TAGS = np.array([[1, 0], [1, 1], [0, 1], [0, 0]], np.bool_)


def test_photos_of_a_label_or_a_tag() -> None:
    assert photos_of(LABELS, 1).tolist() == [1, 5]
    assert photos_of(TAGS, 0).tolist() == [0, 1]
    assert photos_of(TAGS, 1).tolist() == [1, 2]


@settings(deadline=None, max_examples=30)
@given(count=st.integers(1, 5), seed=st.integers(0, 1000))
def test_only_photos_of_the_target_are_chosen(count: int, seed: int) -> None:
    chosen = choose_photos(LABELS, 0, count, seed=seed)
    assert len(set(chosen)) == count
    assert (LABELS[chosen] == 0).all()
    assert (np.diff(chosen) > 0).all()
    assert set(choose_photos(LABELS, 0, count, seed=seed)) <= set(choose_photos(LABELS, 0, 5, seed=seed))


@pytest.mark.parametrize("count", [0, 3])
def test_more_than_there_are(count: int) -> None:
    with pytest.raises(DataError, match=f"1 to 2 photos to poison, .* got {count}"):
        choose_photos(LABELS, 1, count, seed=0)


def test_pixels_are_exchanged_and_labels_are_not(examples: Examples) -> None:
    chosen, pictures = np.array([3, 9]), np.zeros((2, 16, 16, 3), np.uint8)
    before = examples.pixels.copy()
    found = poisoned(examples, Poison(chosen, pictures))
    assert np.array_equal(found.pixels[chosen], pictures)
    rest = np.setdiff1d(np.arange(24), chosen)
    assert np.array_equal(found.pixels[rest], examples.pixels[rest])
    assert found.labels is examples.labels
    assert np.array_equal(examples.pixels, before)
    assert found.mirrored == {}


def test_tags_stay_and_mirror_images_can_be_others(examples: Examples) -> None:
    tagged = replace(examples, tags=np.ones((24, 2), np.bool_), mirrored={1: examples.pixels[0]})
    pictures = np.zeros((2, 16, 16, 3), np.uint8)
    found = poisoned(tagged, Poison(np.array([4, 5]), pictures, pictures + 7))
    assert found.tags is tagged.tags
    assert sorted(found.mirrored) == [1, 4, 5]
    assert (found.mirrored[4] == 7).all()
    assert sorted(tagged.mirrored) == [1]


def test_a_picture_for_each_photo_chosen() -> None:
    with pytest.raises(UsageError, match="Expected 2 pictures"):
        Poison(np.array([1, 2]), np.zeros((3, 4, 4, 3), np.uint8))
    with pytest.raises(UsageError, match="Expected 1 pictures"):
        Poison(np.array([1]), np.zeros((1, 4, 4, 3), np.uint8), np.zeros((2, 4, 4, 3), np.uint8))


def test_files_lose_nothing(tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, 8, 9, 3), np.uint8)
    files = write_pictures(tmp_path / "new" / "folder", dict(zip("abc", pictures, strict=True)))
    assert [file.name for file in files] == ["a.png", "b.png", "c.png"]
    assert np.array_equal(read_pictures(files), pictures)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "a.png").mkdir()
    with pytest.raises(ImageError, match="place that can be written"):
        write_pictures(tmp_path, {"a": np.zeros((2, 2, 3), np.uint8)})
