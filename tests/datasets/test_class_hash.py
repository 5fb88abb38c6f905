"""Any photos in classes, dealt as hashing does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unfind.datasets import class_hash as module
from unfind.datasets.class_hash import LEAST, class_hash
from unfind.datasets.photo_set import PhotoSet, by_tags
from unfind.datasets.spec import load
from unfind.datasets.split import Split, split_by_class
from unfind.errors import DataError, UsageError


def photo_set(counts: list[int]) -> PhotoSet:
    labels = np.repeat(np.arange(len(counts)), counts)
    files = tuple(f"{label}/{place}.png" for place, label in enumerate(labels))
    classes = tuple(f"class {label}" for label in range(len(counts)))
    return PhotoSet("some", files, labels, classes, lambda file: file.encode())


def classes_of(photos: PhotoSet) -> set[str]:
    return {photos.classes[label] for label in photos.labels}


@pytest.fixture(scope="module")
def dealt() -> Split:
    return class_hash(split_by_class(photo_set([10] * 8)))


def test_every_class_is_in_every_part(dealt: Split) -> None:
    every = {f"class {label}" for label in range(8)}
    assert dealt.gallery is not None
    assert all(classes_of(part) == every for part in (dealt.train, dealt.validation, dealt.test, dealt.gallery))


def test_no_photo_is_lost_or_searched_with_and_trained_on(dealt: Split) -> None:
    assert dealt.gallery is not None
    query, database = set(dealt.test.files), set(dealt.gallery.files)
    train, validation = set(dealt.train.files), set(dealt.validation.files)
    assert not query & database
    assert len(query | database) == 80
    assert train | validation == database
    assert not train & validation


def test_shares_are_those_that_are_named(dealt: Split) -> None:
    assert len(dealt.test) == 8 * int(module.QUERY_SHARE * 10)
    assert len(dealt.validation) == 8 * 2  # a tenth of ten is one, but two are needed to find one another


def test_photos_are_still_read_by_their_names(dealt: Split) -> None:
    assert dealt.test.read(0) == dealt.test.files[0].encode()
    assert dealt.test.classes[dealt.test.labels[0]].endswith(dealt.test.files[0].partition("/")[0])


def test_the_lot_is_always_the_same() -> None:
    once, again = (class_hash(split_by_class(photo_set([9] * 7))) for _ in range(2))
    assert once.test.files == again.test.files


def test_small_classes_are_only_searched_in() -> None:
    split = class_hash(split_by_class(photo_set([LEAST, LEAST, LEAST, LEAST, LEAST, LEAST, LEAST - 1])))
    assert "class 6" not in classes_of(split.test) | classes_of(split.train) | classes_of(split.validation)
    assert split.gallery is not None
    assert "class 6" in classes_of(split.gallery)
    assert any("1 classes have fewer than 6 photos" in note for note in split.notes)


def test_too_few_photos_are_refused() -> None:
    with pytest.raises(DataError, match="at least 2 classes of 6 photos for hashing, but has 0"):
        class_hash(split_by_class(photo_set([3] * 8)))


def test_photos_with_tags_have_a_split_of_their_own() -> None:
    tags = np.eye(4, dtype=np.bool_)
    photos = by_tags("tagged", [f"{place}.png" for place in range(4)], tags, list("abcd"), lambda file: b"")
    with pytest.raises(DataError, match="split of its own"):
        class_hash(Split(photos, photos, photos))


def test_a_word_before_a_folder_asks_for_it(tmp_path: Path) -> None:
    for label in range(6):
        (tmp_path / f"class-{label}").mkdir()
        for number in range(8):
            (tmp_path / f"class-{label}" / f"{number}.jpg").write_bytes(bytes([label, number]))
    split = load(f"hash:{tmp_path}")
    assert split.gallery is not None
    assert (len(split.test), len(split.gallery)) == (6, 42)
    with pytest.raises(UsageError, match="fixed split"):
        load(f"hash:{tmp_path}", train_classes=3)
