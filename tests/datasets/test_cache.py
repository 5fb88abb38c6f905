from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unfind.datasets import cache as room
from unfind.datasets.cache import CachedPixels, cache_folder, cached_pixels
from unfind.datasets.folder import photo_folder
from unfind.datasets.photo_set import PhotoSet
from unfind.errors import DataError, UsageError
from unfind.images.colour import srgb
from unfind.images.decode import decode
from unfind.images.resize import to_square

SIZE = 16


@pytest.fixture
def photos(tmp_path: Path, tree: Callable[..., Path], jpeg: Callable[..., bytes]) -> PhotoSet:
    """Six photos, the third of which is damaged."""
    data = {f"{'ab'[i % 2]}/{i}.jpg": jpeg(i) for i in range(6)}
    data["b/1.jpg"] = jpeg(1)[:200]
    return photo_folder(tree(tmp_path / "photos", data))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "cache"


def slowly(photos: PhotoSet, kept: list[int]) -> np.ndarray:
    return np.stack([to_square(srgb(decode(photos.read(i))), SIZE) for i in kept])


def same(one: CachedPixels, other: CachedPixels) -> bool:
    return (
        np.array_equal(one.pixels, other.pixels)
        and np.array_equal(one.kept, other.kept)
        and one.refused == other.refused
    )


def unread(file: str) -> bytes:
    raise AssertionError(f"{file} was read again")


class Counting:
    """A reader that counts, and says nothing about its files."""

    def __init__(self, photos: PhotoSet) -> None:
        self.photos, self.count = photos, 0

    def __call__(self, file: str) -> bytes:
        self.count += 1
        return self.photos.reader(file)


@pytest.mark.parametrize("on_disk", [False, True])
def test_pixels_against_a_slow_loop(photos: PhotoSet, folder: Path, on_disk: bool) -> None:
    found = cached_pixels(photos, SIZE, folder=folder if on_disk else None)
    assert found.kept.tolist() == [0, 1, 2, 4, 5]
    assert found.kept.dtype == np.int64
    assert np.array_equal(found.pixels, slowly(photos, [0, 1, 2, 4, 5]))
    ((name, sentence),) = found.refused
    assert name == photos.files[3] == "b/1.jpg"
    assert "JPEG" in sentence
    assert found.warning is None
    assert not found.pixels.flags.writeable
    assert isinstance(found.pixels, np.memmap) == on_disk


def test_second_load_decodes_nothing(photos: PhotoSet, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = cached_pixels(photos, SIZE, folder=folder)
    monkeypatch.setattr(room, "decode", unread)
    again = cached_pixels(photos, SIZE, folder=folder)
    assert same(first, again)
    assert isinstance(again.pixels, np.memmap)


def test_progress_reaches_the_end_once(photos: PhotoSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_CHUNK", 4)
    told: list[tuple[int, int]] = []
    cached_pixels(photos, SIZE, folder=None, on_progress=lambda done, total: told.append((done, total)))
    assert told == [(4, 6), (6, 6)]


def test_any_number_of_workers_gives_the_same(photos: PhotoSet) -> None:
    one = cached_pixels(photos, SIZE, folder=None, workers=1)
    assert same(one, cached_pixels(photos, SIZE, folder=None, workers=5))


def test_other_size_and_other_photos_get_other_files(photos: PhotoSet, folder: Path) -> None:
    cached_pixels(photos, SIZE, folder=folder)
    cached_pixels(photos, SIZE + 1, folder=folder)
    cached_pixels(photos.subset([0, 1]), SIZE, folder=folder)
    assert len(list(folder.iterdir())) == 3


def test_an_edited_photo_is_decoded_again(photos: PhotoSet, folder: Path, jpeg: Callable[..., bytes]) -> None:
    before = cached_pixels(photos, SIZE, folder=folder)
    (photos.reader.root / "a/0.jpg").write_bytes(jpeg(77, 30))  # type: ignore[attr-defined]
    after = cached_pixels(photos, SIZE, folder=folder)
    assert not np.array_equal(before.pixels[0], after.pixels[0])
    assert np.array_equal(before.pixels[1:], after.pixels[1:])


def test_readers_without_signature_are_told_apart_by_content(photos: PhotoSet, folder: Path) -> None:
    reader = Counting(photos)
    plain = PhotoSet("plain", photos.files, photos.labels, photos.classes, reader)
    first = cached_pixels(plain, SIZE, folder=folder)
    assert reader.count == 12
    assert same(first, cached_pixels(plain, SIZE, folder=folder))
    assert reader.count == 18  # hashed, not decoded


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10**6), flip=st.integers(1, 255), cut=st.integers(0, 3000), how=st.booleans())
def test_damaged_cache_files_are_rebuilt(
    photos: PhotoSet, folder: Path, place: int, flip: int, cut: int, how: bool
) -> None:
    whole = cached_pixels(photos, SIZE, folder=None)
    cached_pixels(photos, SIZE, folder=folder)
    (path,) = folder.iterdir()
    data = bytearray(path.read_bytes())
    if how:
        data[place % len(data)] ^= flip
    else:
        del data[max(0, len(data) - 1 - cut) :]
    path.unlink()
    path.write_bytes(data)
    assert room._load(path, SIZE) is None
    assert same(cached_pixels(photos, SIZE, folder=folder), whole)
    assert room._load(path, SIZE) is not None


class FullDisk:
    """A file on a disk with room for `left` bytes."""

    def __init__(self, file: object, left: int) -> None:
        self.file, self.left = file, left

    def write(self, data: bytes) -> int:
        self.left -= len(data)
        if self.left < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return len(data)


@pytest.mark.parametrize("left", [0, 1000, 5 * SIZE * SIZE * 3])
def test_full_disk_keeps_the_pixels_in_memory(
    photos: PhotoSet, folder: Path, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    fill = room._fill
    monkeypatch.setattr(room, "_fill", lambda file, *rest: fill(FullDisk(file, left), *rest))
    found = cached_pixels(photos, SIZE, folder=folder)
    assert same(found, cached_pixels(photos, SIZE, folder=None))
    assert found.warning is not None
    assert "No space left on device" in found.warning
    assert list(folder.iterdir()) == []


def test_folder_that_cannot_be_made_keeps_the_pixels_in_memory(photos: PhotoSet, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    found = cached_pixels(photos, SIZE, folder=tmp_path / "file" / "cache")
    assert len(found.kept) == 5
    assert found.warning is not None
    assert "could not be written" in found.warning


def test_an_interrupt_leaves_nothing_half_written(photos: PhotoSet, folder: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cached_pixels(photos, SIZE, folder=folder, on_progress=stop)
    assert list(folder.iterdir()) == []


def test_cache_files_are_private(photos: PhotoSet, folder: Path) -> None:
    cached_pixels(photos, SIZE, folder=folder)
    (path,) = folder.iterdir()
    assert path.stat().st_mode & 0o077 == 0
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("on_disk", [False, True])
def test_no_readable_photo_at_all_is_refused(photos: PhotoSet, folder: Path, on_disk: bool) -> None:
    with pytest.raises(DataError, match=r"none of its 1 can be, beginning with b/1\.jpg"):
        cached_pixels(photos.subset([3]), SIZE, folder=folder if on_disk else None)
    with pytest.raises(DataError, match="none of its 0 can be; check"):
        cached_pixels(photos.subset([]), SIZE, folder=None)
    assert not on_disk or list(folder.iterdir()) == []


def test_photos_that_have_gone_are_refused_by_name(photos: PhotoSet, folder: Path) -> None:
    (photos.reader.root / "a/2.jpg").unlink()  # type: ignore[attr-defined]
    found = cached_pixels(photos, SIZE, folder=folder)
    assert [name for name, _ in found.refused] == ["a/2.jpg", "b/1.jpg"]
    assert "could be listed but not read" in found.refused[0][1]


@pytest.mark.parametrize(("size", "workers"), [(0, None), (16, 0)])
def test_sizes_that_mean_nothing_are_refused(photos: PhotoSet, size: int, workers: int | None) -> None:
    with pytest.raises(UsageError, match="must be at least 1"):
        cached_pixels(photos, size, folder=None, workers=workers)


def test_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UNFIND_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("UNFIND_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_folder() == tmp_path / "home" / ".cache" / "unfind"
