from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from unfind.datasets.folder import photo_folder
from unfind.datasets.groups import grouped
from unfind.datasets.photo_set import PhotoSet
from unfind.datasets.split import split_by_class
from unfind.errors import ImageError, UsageError
from unfind.images.decode import decode


@pytest.fixture
def flat(tmp_path: Path, tree: Callable[..., Path], jpeg: Callable[..., bytes]) -> PhotoSet:
    return photo_folder(tree(tmp_path, {f"{i}.jpg": jpeg(i, 100) for i in range(6)}))


def test_each_photo_becomes_a_class_of_shots(flat: PhotoSet) -> None:
    groups = grouped(flat, 3, seed=0, size=32)
    assert len(groups) == 18
    assert groups.files[:4] == (
        "0.jpg/shot-00.jpg",
        "0.jpg/shot-01.jpg",
        "0.jpg/shot-02.jpg",
        "1.jpg/shot-00.jpg",
    )
    assert groups.classes == flat.files
    assert np.array_equal(groups.labels, np.arange(6).repeat(3))
    assert groups.labelled
    assert groups.name == f"{flat.name}-groups"


def test_shots_are_jpegs_of_the_asked_size(flat: PhotoSet) -> None:
    photo = decode(grouped(flat, 2, seed=0, size=48).read(1))
    assert photo.format == "jpeg"
    assert photo.pixels.shape == (48, 48, 3)


def test_bytes_depend_on_seed_file_and_shot_alone(flat: PhotoSet) -> None:
    groups = grouped(flat, 3, seed=7, size=32)
    first = [groups.read(i) for i in range(18)]
    assert len(set(first)) == 18
    backwards = grouped(flat, 5, seed=7, size=32).subset([2, 1, 0])  # more shots, another order, other threads
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(backwards.read, range(3))) == first[2::-1]
    assert grouped(flat, 3, seed=8, size=32).read(0) != first[0]
    moved = flat.subset([3, 0])
    assert grouped(moved, 3, seed=7, size=32).read(3) == first[0]


def test_large_scenes_are_reduced_and_narrow_ones_taken_as_they_are(
    tmp_path: Path, tree: Callable[..., Path], jpeg: Callable[..., bytes]
) -> None:
    photos = photo_folder(tree(tmp_path, {"large.jpg": jpeg(1, 900), "small.jpg": jpeg(1, 20)}))
    groups = grouped(photos, 2, seed=0, size=32)
    assert all(decode(groups.read(i)).pixels.std() > 5 for i in range(4))


def test_groups_of_unlabelled_photos_can_be_split(flat: PhotoSet) -> None:
    split = split_by_class(grouped(flat, 2, seed=0, size=16))
    assert [len(part) for part in (split.train, split.validation, split.test)] == [4, 4, 4]


def test_signature_takes_no_photo_and_tells_settings_apart(flat: PhotoSet) -> None:
    reader = grouped(flat, 2, seed=0, size=32)
    before = reader.signature(0)
    for path in Path(flat.reader.root).iterdir():  # type: ignore[attr-defined]
        stamp = path.stat()
        path.write_bytes(bytes(stamp.st_size))  # same size and time, no photo any more
        os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert reader.signature(0) == before
    assert grouped(flat, 2, seed=1, size=32).signature(0) != before
    assert grouped(flat, 2, seed=0, size=33).signature(0) != before


def test_a_damaged_photo_fails_in_its_own_shots_only(flat: PhotoSet) -> None:
    (flat.reader.root / "0.jpg").write_bytes(b"\xff\xd8\xffdamaged")  # type: ignore[attr-defined]
    groups = grouped(flat, 2, seed=0, size=32)
    with pytest.raises(ImageError):
        groups.read(0)
    assert groups.read(2)


def test_one_shot_or_a_tiny_one_is_refused(flat: PhotoSet) -> None:
    with pytest.raises(UsageError, match="at least 2 shots"):
        grouped(flat, 1, seed=0)
    with pytest.raises(UsageError, match="at least 16 pixels"):
        grouped(flat, 2, seed=0, size=8)
