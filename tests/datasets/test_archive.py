from __future__ import annotations

import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unfind.datasets.archive import ArchiveReader, photo_archive
from unfind.datasets.split import split_by_class
from unfind.errors import DataError


def packed(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as target:
        for name, data in files.items():
            target.writestr(name, data)
    return path


@pytest.fixture
def pets(tmp_path: Path, jpeg: Callable[..., bytes]) -> Path:
    names = ["top/dog/1.jpg", "top/cat/1.jpg", "top/cat/2.jpg", "__MACOSX/top/cat/._1.jpg", "top/read.me"]
    return packed(tmp_path / "pets.zip", {name: jpeg(i) for i, name in enumerate(names)})


def test_classes_below_a_common_top_folder(pets: Path, jpeg: Callable[..., bytes]) -> None:
    photos = photo_archive(pets)
    assert photos.name == "pets"
    assert photos.files == ("top/cat/1.jpg", "top/cat/2.jpg", "top/dog/1.jpg")
    assert [photos.classes[label] for label in photos.labels] == ["cat", "cat", "dog"]
    assert [photos.read(i) for i in range(3)] == [jpeg(1), jpeg(2), jpeg(0)]


def test_many_threads_read_the_right_bytes(tmp_path: Path) -> None:
    files = {f"c/{i}.jpg": bytes([i]) * (1000 + i) for i in range(60)} | {"d/1.jpg": b"d"}
    photos = photo_archive(packed(tmp_path / "many.zip", files))
    with ThreadPoolExecutor(8) as pool:
        read = list(pool.map(photos.read, list(range(len(photos))) * 5))
    assert read == [files[file] for file in photos.files] * 5


def test_flat_zip_is_unlabelled(tmp_path: Path) -> None:
    assert not photo_archive(packed(tmp_path / "flat.zip", {"a.jpg": b"1", "b.jpg": b"2"})).labelled


@pytest.mark.parametrize("name", ["../a.jpg", "/etc/a.jpg", "x/../../a.jpg", "C:/a.jpg", "x\\..\\a.jpg"])
def test_names_outside_the_zip_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="must only name files inside"):
        photo_archive(packed(tmp_path / "slip.zip", {"a/1.jpg": b"1", name: b"2"}))


def test_encrypted_zip_is_refused(pets: Path) -> None:
    data = bytearray(pets.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1  # the flag of the first entry in the central directory
    pets.write_bytes(data)
    with pytest.raises(DataError, match="must not be encrypted"):
        photo_archive(pets)


def test_large_photo_and_large_count_are_refused(pets: Path) -> None:
    with pytest.raises(DataError, match="at most 10 bytes"):
        ArchiveReader(pets, max_photo_bytes=10)
    with pytest.raises(DataError, match="at most 4 files, but holds 5"):
        ArchiveReader(pets, max_files=4)


def test_absent_and_foreign_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        photo_archive(tmp_path / "absent.zip")
    (tmp_path / "text.zip").write_text("not a zip")
    with pytest.raises(DataError, match="cannot be opened as one"):
        photo_archive(tmp_path / "text.zip")
    with pytest.raises(DataError, match="cannot be opened as one"):
        photo_archive(tmp_path)


def test_a_name_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "twice.zip"
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("a/1.jpg", b"1")
        target.writestr("b/1.jpg", b"1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            target.writestr("a/1.jpg", b"2")
    with pytest.raises(DataError, match=r"'a/1\.jpg' comes twice"):
        photo_archive(path)


def test_damaged_photo_is_named_and_the_others_still_read(tmp_path: Path) -> None:
    path = packed(tmp_path / "d.zip", {"a/1.jpg": b"A" * 50, "b/1.jpg": b"B" * 50}, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"A" * 50, b"A" * 49 + b"x"))
    photos = photo_archive(path)
    with pytest.raises(DataError, match=r"a/1\.jpg in .*d\.zip is damaged"):
        photos.read(0)
    assert photos.read(1) == b"B" * 50


def test_a_file_without_a_name_is_passed_over(tmp_path: Path) -> None:
    path = packed(tmp_path / "n.zip", {"a/1.jpg": b"A", "b/1.jpg": b"B", "c/1.jpg": b"C"})
    path.write_bytes(path.read_bytes().replace(b"b/1.jpg", b"\0/1.jpg"))  # a name ends where a zero is
    assert ArchiveReader(path).files == ("a/1.jpg", "c/1.jpg")


def test_signature_follows_the_bytes(tmp_path: Path) -> None:
    one = ArchiveReader(packed(tmp_path / "1.zip", {"a.jpg": b"one"})).signature("a.jpg")
    two = ArchiveReader(packed(tmp_path / "2.zip", {"a.jpg": b"two"})).signature("a.jpg")
    same = ArchiveReader(packed(tmp_path / "3.zip", {"a.jpg": b"one"})).signature("a.jpg")
    assert one == same != two


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=6),
    st.integers(0, 60),
)
def test_mutated_zips_raise_our_errors_only(tmp_path: Path, changes: list[tuple[int, int]], cut: int) -> None:
    with BytesIO() as whole:
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as target:
            for name in ("a/1.jpg", "a/2.jpg", "b/1.png"):
                target.writestr(name, name.encode() * 20)
        data = bytearray(whole.getvalue())
    for place, value in changes:
        data[place % len(data)] = value
    path = tmp_path / "mutated.zip"
    path.write_bytes(data[: len(data) - cut // 10])
    with suppress(DataError):  # anything else fails the test
        photos = photo_archive(path)
        for i in range(len(photos)):
            with suppress(DataError):
                photos.read(i)


def test_birds_cropped_from_cub(real_data: Path) -> None:
    path = real_data / "cub_crop" / "images.zip"
    if not path.exists():
        pytest.skip(f"no {path}")
    photos = photo_archive(path)
    assert (len(photos), len(photos.classes)) == (7_456, 127)
    split = split_by_class(photos, train_classes=85)
    assert (len(distinct(split.test.labels)), len(split.test)) == (42, 2_474)
    assert len(distinct(split.validation.labels)) == 17
    assert split.notes == ()
    assert split.test.read(0)[:3] == b"\xff\xd8\xff"


def distinct(labels: object) -> set[int]:
    return set(labels.tolist())  # type: ignore[attr-defined]
