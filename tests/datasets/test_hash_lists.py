from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from unfind.datasets.hash_lists import LISTS, has_lists, listed_split
from unfind.errors import DataError

Tree = Callable[..., Path]
Rows = dict[str, str]
ROWS = {
    "train": {f"image/{i}.jpg": "1 0 0" if i % 2 else "0 1 0" for i in range(4)},
    "query": {"image/q0.jpg": "0 0 1", "image/q1.jpg": "1 0 0"},
    "database": {f"image/{i}.jpg": "1 0 0" if i % 2 else "0 1 0" for i in range(10)},
}


def write(root: Path, tree: Tree, **changes: Rows) -> Path:
    rows = ROWS | changes
    tree(root, sorted({file for part in rows.values() for file in part}))
    for part, name in LISTS.items():
        (root / name).write_text("".join(f"{file} {flags}\n" for file, flags in rows[part].items()))
    return root


def test_the_split_is_that_of_the_lists(tree: Tree, tmp_path: Path) -> None:
    split = listed_split("listed", write(tmp_path, tree), validation=3)
    assert split.gallery is not None
    assert set(split.train.files) == set(ROWS["train"])
    assert set(split.test.files) == set(ROWS["query"])
    assert set(split.gallery.files) == set(ROWS["database"])
    assert len(split.validation) == 3
    assert set(split.validation.files) <= set(ROWS["database"]) - set(ROWS["train"])
    assert split.test.read(0) == (tmp_path / split.test.files[0]).read_bytes()


def test_rows_with_a_single_1_are_classes(tree: Tree, tmp_path: Path) -> None:
    split = listed_split("listed", write(tmp_path, tree))
    assert split.test.tags is None
    assert split.test.classes == ("000", "001", "002")
    found = {file: split.test.classes[label] for file, label in zip(split.test.files, split.test.labels, strict=True)}
    assert found == {"image/q0.jpg": "002", "image/q1.jpg": "000"}


def test_rows_with_several_are_tags(tree: Tree, tmp_path: Path) -> None:
    split = listed_split("listed", write(tmp_path, tree, query={"image/q0.jpg": "1 1 0"}))
    assert split.test.tags is not None
    assert split.test.tags.tolist() == [[True, True, False]]
    assert split.train.tags is not None
    assert np.array_equal(split.train.tags.sum(1), np.ones(4))


def test_training_photos_that_the_database_does_not_list_join_it(tree: Tree, tmp_path: Path) -> None:
    split = listed_split("listed", write(tmp_path, tree, train={"image/extra.jpg": "1 0 0"}))
    assert split.gallery is not None
    assert "image/extra.jpg" in split.gallery.files


def test_all_three_lists_are_needed(tree: Tree, tmp_path: Path) -> None:
    assert has_lists(write(tmp_path, tree))
    (tmp_path / "test.txt").unlink()
    assert not has_lists(tmp_path)


@pytest.mark.parametrize(
    ("part", "rows", "said"),
    [
        ("train", {"image/0.jpg": "1 0 0"}, "differ about image/0.jpg"),
        ("query", {"image/q0.jpg": "1 0"}, "as much of every photo"),
        ("query", {"image/q0.jpg": "1 2 0"}, "row 1 of .*test.txt must name a photo and then say 0 or 1"),
        ("query", {"image/q0.jpg": ""}, "row 1 of .*test.txt must name a photo"),
        ("query", {"../q0.jpg": "1 0 0"}, "only name files inside its own folder"),
        ("query", {"image/1.jpg": "1 0 0"}, "must be new to the model"),
        ("database", ROWS["train"], "not trained on"),
    ],
)
def test_lists_that_cannot_be_right(tree: Tree, tmp_path: Path, part: str, rows: Rows, said: str) -> None:
    with pytest.raises(DataError, match=said):
        listed_split("listed", write(tmp_path / "root", tree, **{part: rows}))


def test_a_photo_listed_twice_is_refused(tree: Tree, tmp_path: Path) -> None:
    write(tmp_path, tree)
    with (tmp_path / "test.txt").open("a") as file:
        file.write("image/q0.jpg 0 0 1\n")
    with pytest.raises(DataError, match=r"names image/q0\.jpg twice"):
        listed_split("listed", tmp_path)


def test_absent_photos_are_counted(tree: Tree, tmp_path: Path) -> None:
    (write(tmp_path, tree) / "image/3.jpg").unlink()
    with pytest.raises(DataError, match=r"1 are absent \(image/3\.jpg\)"):
        listed_split("listed", tmp_path)


def test_a_list_that_is_no_text_is_refused(tree: Tree, tmp_path: Path) -> None:
    (write(tmp_path, tree) / "train.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="readable list in UTF-8"):
        listed_split("listed", tmp_path)
