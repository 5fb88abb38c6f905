from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from unfind.datasets.folder import FolderReader, photo_folder, photos_below
from unfind.errors import DataError

Tree = Callable[..., Path]


def test_folder_of_classes(tree: Tree, tmp_path: Path) -> None:
    root = tree(tmp_path / "pets", ["dog/1.jpg", "cat/1.jpg", "cat/more/2.jpg", "cat/.hidden.jpg", "cat/x.txt"])
    photos = photo_folder(root)
    assert photos.name == "pets"
    assert photos.files == ("cat/1.jpg", "cat/more/2.jpg", "dog/1.jpg")
    assert [photos.classes[label] for label in photos.labels] == ["cat", "cat", "dog"]
    assert photos.read(2) == (root / "dog/1.jpg").read_bytes()


def test_flat_folder_is_unlabelled(tree: Tree, tmp_path: Path) -> None:
    photos = photo_folder(tree(tmp_path, ["b.jpg", "a.jpg"]))
    assert not photos.labelled
    assert photos.files == ("a.jpg", "b.jpg")


def test_absent_folder_and_file_in_its_place(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such folder"):
        photo_folder(tmp_path / "absent")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataError, match="there is no such folder"):
        photos_below(tmp_path / "file")


def test_folder_without_photos(tree: Tree, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds none"):
        photo_folder(tree(tmp_path, {"a/notes.txt": b"no photo"}))


def test_unreadable_folder_is_refused(tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, ["a/1.jpg", "b/1.jpg"])
    scandir = os.scandir

    def closed(path: str) -> object:  # permissions do not stop the administrator, who may run the tests
        if Path(path).name == "b":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    with pytest.raises(DataError, match="Permission denied"):
        photo_folder(tmp_path)


def test_a_photo_that_goes_away_is_named(tree: Tree, tmp_path: Path) -> None:
    photos = photo_folder(tree(tmp_path, ["a/1.jpg", "b/1.jpg"]))
    (tmp_path / "a/1.jpg").unlink()
    with pytest.raises(DataError, match=r"a/1\.jpg of .*No such file"):
        photos.read(0)


def test_signature_tells_an_edited_photo(tree: Tree, tmp_path: Path) -> None:
    reader = FolderReader(tree(tmp_path, {"a.jpg": b"one"}))
    before = reader.signature("a.jpg")
    assert reader.signature("a.jpg") == before
    (tmp_path / "a.jpg").write_bytes(b"three")
    assert reader.signature("a.jpg") != before
