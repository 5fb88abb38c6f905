from __future__ import annotations

import pytest

from unfind.datasets.class_folders import by_class_folder
from unfind.errors import DataError


def labels(*files: str) -> dict[str, str]:
    photos = by_class_folder("given", files, str.encode)
    return {file: photos.classes[label] for file, label in zip(photos.files, photos.labels, strict=True)}


def test_first_folder_is_the_class() -> None:
    assert labels("b/1.jpg", "a/1.jpg", "a/x/2.png") == {"a/1.jpg": "a", "a/x/2.png": "a", "b/1.jpg": "b"}


def test_single_top_folder_is_looked_through_once() -> None:
    assert labels("top/b/1.jpg", "top/a/2.jpg") == {"top/a/2.jpg": "a", "top/b/1.jpg": "b"}
    assert set(labels("top/in/b/1.jpg", "top/in/a/2.jpg").values()) == {"in"}


@pytest.mark.parametrize("files", [("b.jpg", "a.jpg"), ("top/b.jpg", "top/a.jpg")])
def test_without_class_folders_every_photo_is_its_own_class(files: tuple[str, ...]) -> None:
    photos = by_class_folder("flat", files, str.encode)
    assert not photos.labelled
    assert photos.classes == photos.files == tuple(sorted(files))
    assert photos.labels.tolist() == [0, 1]


def test_hidden_files_and_other_files_are_left_out() -> None:
    assert set(labels("a/1.jpg", "b/1.jpg", "a/.x.jpg", "b/n.txt", "__MACOSX/a/1.jpg")) == {
        "a/1.jpg",
        "b/1.jpg",
    }


def test_loose_photos_beside_class_folders_are_refused() -> None:
    with pytest.raises(DataError, match=r"but 1 of 3, such as loose\.jpg"):
        labels("a/1.jpg", "b/1.jpg", "loose.jpg")


def test_no_photo_at_all_is_refused() -> None:
    with pytest.raises(DataError, match="given needs JPEG, PNG or WebP photos, but holds none"):
        labels("a/readme.txt")
