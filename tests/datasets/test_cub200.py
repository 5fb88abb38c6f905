from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from unfind.datasets.cub200 import cub200
from unfind.errors import DataError, UsageError


def lay_out(root: Path, jpeg: bytes, classes: int, per_class: int = 2) -> Path:
    """CUB_200_2011 with few photos, the lists in the official format."""
    home = root / "CUB_200_2011"
    titles = [f"{c:03d}.Bird_{c}" for c in range(1, classes + 1)]
    photos = [(title, f"{title}/{title}_{i}.jpg") for title in titles for i in range(per_class)]
    for title in titles:
        (home / "images" / title).mkdir(parents=True)
    for _, path in photos:
        (home / "images" / path).write_bytes(jpeg)
    number = {title: i for i, title in enumerate(titles, 1)}
    write = {
        "images.txt": [f"{i} {path}" for i, (_, path) in enumerate(photos, 1)],
        "image_class_labels.txt": [f"{i} {number[title]}" for i, (title, _) in enumerate(photos, 1)],
        "classes.txt": [f"{number[title]} {title}" for title in titles],
    }
    for name, lines in write.items():
        (home / name).write_text("\n".join(lines) + "\n")
    return root


@pytest.fixture
def small(tmp_path: Path, jpeg: Callable[..., bytes]) -> Path:
    return lay_out(tmp_path, jpeg(), classes=8)


def test_first_hundred_classes_train_and_last_hundred_test(tmp_path: Path, jpeg: Callable[..., bytes]) -> None:
    split = cub200(lay_out(tmp_path, jpeg(), classes=200))
    assert [len(part) for part in (split.train, split.validation, split.test)] == [160, 40, 200]
    assert {split.test.classes[label][:3] for label in split.test.labels} == {f"{n}" for n in range(101, 201)}
    assert [note.split(" but ")[0] for note in split.notes] == [
        "CUB-200-2011 is published with 11,788 all photos",
        "CUB-200-2011 is published with 5,864 training and validation photos",
        "CUB-200-2011 is published with 5,924 test photos",
    ]


def test_another_cut_is_held_against_the_total_only(small: Path, jpeg: Callable[..., bytes]) -> None:
    split = cub200(small, train_classes=5)
    assert [len(part) for part in (split.train, split.validation, split.test)] == [6, 4, 6]
    assert len(split.notes) == 1
    assert split.test.read(0) == jpeg()


def test_root_may_be_the_inner_folder(small: Path) -> None:
    assert len(cub200(small / "CUB_200_2011", train_classes=4).test) == 8


@pytest.mark.parametrize("train_classes", [0, 100])
def test_a_cut_outside_the_classes_is_refused(small: Path, train_classes: int) -> None:
    with pytest.raises(UsageError, match="train_classes must lie in"):
        cub200(small, train_classes=train_classes)


def test_absent_data_says_where_it_is(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"must hold images\.txt.*vision\.caltech\.edu/datasets/cub_200_2011"):
        cub200(tmp_path)


def test_listed_photos_that_are_absent_are_named(small: Path) -> None:
    (small / "CUB_200_2011/images/002.Bird_2/002.Bird_2_1.jpg").unlink()
    with pytest.raises(DataError, match=r"1 are absent \(images/002\.Bird_2/002\.Bird_2_1\.jpg\)"):
        cub200(small)


@pytest.mark.parametrize("name", ["image_class_labels.txt", "classes.txt"])
def test_lists_that_do_not_fit_together_are_refused(small: Path, name: str) -> None:
    path = small / "CUB_200_2011" / name
    path.write_text("\n".join(path.read_text().splitlines()[:-1]))
    with pytest.raises(DataError, match="must speak of the same photos and classes"):
        cub200(small)
