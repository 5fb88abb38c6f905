from __future__ import annotations

import tarfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unfind.datasets.cifar10 import cifar10, read_tar
from unfind.datasets.hash_split import SAME_CLASSES
from unfind.datasets.photo_set import PhotoSet
from unfind.datasets.split import Split
from unfind.errors import DataError, UsageError

Tree = Callable[..., Path]
FILES = [f"{part}/{c}/{i}.png" for part, n in (("train", 6), ("test", 4)) for c in ("cat", "dog") for i in range(n)]
small = partial(cifar10, queries_per_class=1, train_per_class=3, validation_per_class=2)


def pack(path: Path, files: dict[str, bytes], mode: str = "w:xz") -> Path:
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, BytesIO(data))
    return path


def parts(split: Split) -> dict[str, PhotoSet]:
    assert split.gallery is not None
    return {
        "train": split.train,
        "validation": split.validation,
        "query": split.test,
        "database": split.gallery,
    }


def test_hashing_split_of_class_folders(tree: Tree, tmp_path: Path) -> None:
    split = parts(small(tree(tmp_path, FILES)))
    assert {name: len(part) for name, part in split.items()} == {
        "train": 6,
        "validation": 4,
        "query": 2,
        "database": 18,
    }
    assert split["query"].files == ("test/cat/0.png", "test/dog/0.png")
    assert split["validation"].files == tuple(f"train/{c}/{i}.png" for c in ("cat", "dog") for i in (0, 1))
    assert split["train"].files == tuple(f"train/{c}/{i}.png" for c in ("cat", "dog") for i in (2, 3, 4))
    assert set(split["query"].files).isdisjoint(split["database"].files)
    assert set(split["query"].files) | set(split["database"].files) == set(FILES)
    assert split["query"].classes == ("cat", "dog")
    assert split["query"].read(0) == (tmp_path / "test/cat/0.png").read_bytes()


def test_counts_are_held_against_the_literature(tree: Tree, tmp_path: Path) -> None:
    same, *counts = small(tree(tmp_path, FILES)).notes
    assert "no zero-shot" in same
    assert [note.split()[4] for note in counts] == ["50,000", "10,000"]


@pytest.mark.parametrize(("suffix", "mode"), [("tar.xz", "w:xz"), ("tar.gz", "w:gz"), ("tar", "w")])
@pytest.mark.parametrize("top", ["", "CIFAR-10-images/"])
@pytest.mark.parametrize("given_folder", [False, True])
def test_tars_give_the_same_split(tmp_path: Path, suffix: str, mode: str, top: str, given_folder: bool) -> None:
    path = pack(tmp_path / f"c.{suffix}", {top + name: name.encode() for name in FILES}, mode)
    split = parts(small(tmp_path if given_folder else path))
    assert len(split["database"]) == 18
    assert split["query"].read(1) == b"test/dog/0.png"


@pytest.mark.parametrize("name", ["data_batch_1", "cifar-10-batches-py/data_batch_1", "data_batch_1.bin"])
def test_pickled_batches_are_refused(tree: Tree, tmp_path: Path, name: str) -> None:
    tree(tmp_path / "folder", {name: b"\x80\x04"})
    packed = pack(tmp_path / "c.tar", {name: b"\x80\x04"}, "w")
    for root in (tmp_path / "folder", packed):
        with pytest.raises(DataError, match="pickles and could run code"):
            cifar10(root)


def test_absent_data_says_where_it_is(tmp_path: Path) -> None:
    for root in (tmp_path, tmp_path / "absent"):
        with pytest.raises(DataError, match=r"cs\.toronto\.edu/~kriz/cifar\.html"):
            cifar10(root)


def test_one_half_alone_is_refused(tree: Tree, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="in train/CLASS/ and in test/CLASS/"):
        small(tree(tmp_path, [file for file in FILES if file.startswith("train")]))


def test_too_few_photos_name_the_class(tree: Tree, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"at least 5 photos in train/, but dog has 4"):
        small(tree(tmp_path, [file for file in FILES if file not in ("train/dog/0.png", "train/dog/1.png")]))


def test_numbers_that_measure_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="asked for 0, 500 and 100"):
        cifar10(tmp_path, queries_per_class=0)


def test_tar_bombs_slips_and_doubles_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="at most 10 bytes"):
        read_tar(pack(tmp_path / "big.tar", {"train/cat/1.png": b"x" * 11}), max_bytes=10)
    with pytest.raises(DataError, match="only name files inside"):
        read_tar(pack(tmp_path / "slip.tar", {"../train/cat/1.png": b"x"}))
    with pytest.raises(DataError, match="twice"):
        read_tar(pack(tmp_path / "twice.tar", {"a/train/cat/1.png": b"x", "b/train/cat/1.png": b"y"}))


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10**6), value=st.integers(0, 255), cut=st.integers(0, 10**4), packed=st.booleans())
def test_damaged_tars_raise_our_errors_only(tmp_path: Path, place: int, value: int, cut: int, packed: bool) -> None:
    path = pack(tmp_path / "c.tar", {name: name.encode() for name in FILES}, "w:xz" if packed else "w")
    data = bytearray(path.read_bytes())
    data[place % len(data)] = value
    path.write_bytes(data[: max(0, len(data) - cut)])
    with suppress(DataError):  # anything else fails the test
        assert all(isinstance(data, bytes) for data in read_tar(path).values())


def test_the_real_one(real_data: Path) -> None:
    if not (real_data / "cifar10").is_dir():
        pytest.skip(f"no cifar10 in {real_data}")
    split = cifar10(real_data / "cifar10")
    assert {name: len(part) for name, part in parts(split).items()} == {
        "train": 5_000,
        "validation": 1_000,
        "query": 1_000,
        "database": 59_000,
    }
    assert split.notes == (SAME_CLASSES,)
    assert np.bincount(split.test.labels).tolist() == [100] * 10
