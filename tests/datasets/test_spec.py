from __future__ import annotations

import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unfind.datasets import spec as room
from unfind.datasets.spec import BY_CLASS, OFFICIAL, SHOTS, load
from unfind.datasets.split import Split
from unfind.errors import DataError, UsageError

Tree = Callable[..., Path]
CLASSES = [f"{c}/{i}.jpg" for c in "abcdefgh" for i in range(2)]


def sizes(split: Split) -> list[int]:
    return [len(part) for part in (split.train, split.validation, split.test)]


def test_folder_of_classes(tree: Tree, tmp_path: Path) -> None:
    root = str(tree(tmp_path, CLASSES))
    assert sizes(load(root)) == [4, 4, 8]
    assert sizes(load(root, train_classes=6)) == [8, 4, 4]


def test_zip_of_classes(tree: Tree, tmp_path: Path) -> None:
    root = tree(tmp_path / "tree", CLASSES)
    with zipfile.ZipFile(tmp_path / "pets.zip", "w") as target:
        for name in CLASSES:
            target.write(root / name, name)
    assert sizes(load(str(tmp_path / "pets.zip"))) == [4, 4, 8]


def test_unlabelled_photos_are_grouped(tree: Tree, tmp_path: Path) -> None:
    root = str(tree(tmp_path, [f"{i}.jpg" for i in range(6)]))
    split = load(root)
    assert sizes(split) == [2 * SHOTS] * 3
    assert load(root).test.read(0) == split.test.read(0) != load(root, seed=1).test.read(0)


def test_embedded_photos() -> None:
    split = load("photos")
    assert split.train.name == "photos/train"
    with pytest.raises(UsageError, match="photos has a fixed split"):
        load("photos", train_classes=5)


@pytest.mark.parametrize("name", [*BY_CLASS, *OFFICIAL])
def test_every_known_word_reaches_its_data_set(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"https?://"):
        load(f"{name}:{tmp_path}")
    with pytest.raises(UsageError, match=f"write {name}:FOLDER"):
        load(name)
    with pytest.raises(UsageError, match=f"write {name}:FOLDER"):
        load(f"{name}:")


@pytest.mark.parametrize("name", OFFICIAL)
def test_official_partitions_cannot_be_cut(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"{name} has a fixed split"):
        load(f"{name}:{tmp_path}", train_classes=5)


@pytest.mark.parametrize("name", BY_CLASS)
def test_cuts_are_handed_on(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, int]] = []

    def stand_in(root: Path, **cut: int) -> Split:
        asked.append(cut)
        raise DataError(str(root))

    monkeypatch.setitem(BY_CLASS, name, stand_in)
    for cut in (None, 7, 0):
        with pytest.raises(DataError, match="somewhere"):
            load(f"{name}:somewhere", train_classes=cut)
    assert asked == [{}, {"train_classes": 7}, {"train_classes": 0}]


@pytest.mark.parametrize("spec", ["flickr:/data", "imagenet:/x", "Cub200:/x"])
def test_unknown_words_list_the_known_ones(spec: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(spec)
    assert all(f"{name}:FOLDER" in str(caught.value) for name in ("cub200", "cars196", "inshop", "sop", "cifar10"))
    assert "photos" in str(caught.value)
    assert "mnist" not in str(caught.value)


@pytest.mark.parametrize("spec", ["", "absent", "C:/absent", "~nobody-of-this-name/x"])
def test_what_is_no_folder_is_data_that_is_absent(spec: str) -> None:
    with pytest.raises(DataError, match="must be named by a folder, a zip or a known word"):
        load(spec)


def test_a_folder_with_a_colon_in_its_name_is_a_folder(tree: Tree, tmp_path: Path) -> None:
    assert sizes(load(str(tree(tmp_path / "my:photos", CLASSES)))) == [4, 4, 8]


def test_the_home_folder_is_understood(tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    tree(tmp_path / "pets", CLASSES)
    assert sizes(load("~/pets")) == [4, 4, 8]
    with pytest.raises(DataError, match=str(tmp_path / "birds")):
        load("cub200:~/birds")


@pytest.mark.parametrize("spec", ["~\0", "cub200:~\0"])
def test_what_cannot_be_a_path_is_refused(spec: str) -> None:
    with pytest.raises(UsageError, match="must be a path, but cannot be one"):
        load(spec)


def test_a_file_that_is_no_zip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no zip")
    with pytest.raises(DataError, match="cannot be opened as one"):
        load(str(tmp_path / "notes.txt"))


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(max_size=12), st.text("cub20:~/.\0 ", max_size=12)), st.text(max_size=300))
def test_any_words_end_in_our_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, more: str) -> None:
    monkeypatch.chdir(tmp_path)  # an empty folder, so that no word can name real data
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(room, "embedded", lambda seed: None)
    with suppress(DataError, UsageError):
        load(f"cub200:{more}")
    for spec in (words, words + more):
        if not Path(spec).is_absolute() and ".." not in spec:
            with suppress(DataError, UsageError):
                load(spec)
