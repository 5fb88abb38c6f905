from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from unfind.datasets.imagenet100 import imagenet100
from unfind.errors import DataError

Tree = Callable[..., Path]
SYNSETS = ("n01440764", "n01443537", "n01484850")
FILES = [f"{part}/{s}/{s}_{i}.JPEG" for part, n in (("train", 6), ("val", 2)) for s in SYNSETS for i in range(n)]
small = partial(imagenet100, classes=3, train_of_a_class=4)


def test_official_folders(tree: Tree, tmp_path: Path) -> None:
    split = small(tree(tmp_path, FILES))
    assert split.gallery is not None
    assert [len(part) for part in (split.train, split.validation, split.test, split.gallery)] == [12, 6, 6, 18]
    assert all(file.startswith("val/") for file in split.test.files)
    assert set(split.gallery.files) == {file for file in FILES if file.startswith("train/")}
    assert sorted(split.train.labels.tolist()) == [0] * 4 + [1] * 4 + [2] * 4
    assert set(split.validation.files).isdisjoint(split.train.files)
    assert split.test.classes == SYNSETS
    assert split.test.read(0) == (tmp_path / split.test.files[0]).read_bytes()
    assert small(tmp_path).train.files == split.train.files


def test_notes_say_what_figures_mean(tree: Tree, tmp_path: Path) -> None:
    same, choice, query, database = small(tree(tmp_path, FILES)).notes
    assert "no zero-shot" in same
    assert "hundred classes" in choice
    assert ("5,000" in query, "128,503" in database) == (True, True)


@pytest.mark.parametrize("part", ["train", "val"])
def test_absent_parts_say_where_the_data_is(tree: Tree, tmp_path: Path, part: str) -> None:
    tree(tmp_path, [file for file in FILES if not file.startswith(part)])
    with pytest.raises(DataError, match=r"image-net\.org"):
        small(tmp_path)


def test_all_of_imagenet_is_not_imagenet_100(tree: Tree, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="must have 100 classes, but has 3"):
        imagenet100(tree(tmp_path, FILES))


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        (f"val/{SYNSETS[1]}/", f"1 photos in val/, but {SYNSETS[1]} has 0"),
        (f"train/{SYNSETS[2]}/{SYNSETS[2]}_1", f"6 photos in train/, but {SYNSETS[2]} has 5"),
    ],
)
def test_incomplete_classes_are_named(tree: Tree, tmp_path: Path, gone: str, said: str) -> None:
    tree(tmp_path, [file for file in FILES if not file.startswith(gone)])
    with pytest.raises(DataError, match=said):
        imagenet100(tmp_path, classes=3, train_of_a_class=5)


def test_photos_beside_the_class_folders_are_no_part_of_it(tree: Tree, tmp_path: Path) -> None:
    tree(tmp_path, [*FILES, "train/loose.JPEG", "val/deep/er/photo.JPEG"])
    assert len(small(tmp_path).test) == 6


def test_published_lists_win(tree: Tree, tmp_path: Path) -> None:
    tree(tmp_path, [f"image/{SYNSETS[0]}_{i}.JPEG" for i in range(5)])
    for name, numbers in (("train", (0, 1)), ("test", (2,)), ("database", (0, 1, 3, 4))):
        rows = "".join(f"image/{SYNSETS[0]}_{i}.JPEG {i % 2} {1 - i % 2}\n" for i in numbers)
        (tmp_path / f"{name}.txt").write_text(rows)
    split = imagenet100(tmp_path)
    assert split.test.files == (f"image/{SYNSETS[0]}_2.JPEG",)
    assert len(split.validation) == 2
    assert any("128,503" in note for note in split.notes)
