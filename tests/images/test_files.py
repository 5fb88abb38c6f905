from __future__ import annotations

import errno
import os
import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from unfind.errors import ImageError, ImageLimitError, UsageError
from unfind.images.files import find_photos, read_photo, write_atomic
from unfind.images.limits import Limits

Maker = Callable[..., bytes]
Scene = Callable[..., np.ndarray]


@pytest.fixture
def photo_file(tmp_path: Path, scene: Scene, saved: Maker) -> Path:
    path = tmp_path / "cat.png"
    path.write_bytes(saved(scene(), "png"))
    return path


@pytest.fixture
def small_disk() -> Iterator[None]:
    """Files may grow to 1000 bytes only, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def refuse(number: int) -> Callable[..., NoReturn]:
    def fail(*_: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    return fail


def test_a_photo_is_read_whatever_its_name(photo_file: Path, scene: Scene) -> None:
    odd = photo_file.rename(photo_file.with_name("notes.txt"))
    np.testing.assert_array_equal(read_photo(odd).pixels, scene())


def test_a_missing_photo_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"gone\.jpg: .*No such file"):
        read_photo(tmp_path / "gone.jpg")


def test_a_damaged_photo_is_named(photo_file: Path) -> None:
    photo_file.write_bytes(photo_file.read_bytes()[:100])
    with pytest.raises(ImageError, match=r"cat\.png: .*damaged"):
        read_photo(photo_file)


def test_a_large_file_is_refused_before_it_is_read(photo_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_bytes", refuse(errno.EIO))
    with pytest.raises(ImageLimitError, match=r"cat\.png: .*bytes"):
        read_photo(photo_file, limits=Limits(max_bytes=10))


def test_folders_and_pipes_are_no_photos(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    for path in (tmp_path, pipe):
        with pytest.raises(ImageError, match="folder or device"):
            read_photo(path)


def test_a_file_that_cannot_be_read_is_named(photo_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_bytes", refuse(errno.EACCES))
    with pytest.raises(ImageError, match=r"cat\.png: .*Permission denied"):
        read_photo(photo_file)


def test_writing_makes_and_replaces(tmp_path: Path) -> None:
    target = tmp_path / "out.jpg"
    write_atomic(target, b"first")
    write_atomic(target, b"second")
    assert target.read_bytes() == b"second"
    assert os.listdir(tmp_path) == ["out.jpg"]


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path, small_disk: None) -> None:
    target = tmp_path / "out.jpg"
    write_atomic(target, b"old")
    with pytest.raises(ImageError, match=r"out\.jpg: .*free some space"):
        write_atomic(target, bytes(5000))
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["out.jpg"]


def test_a_full_disk_leaves_no_new_file(tmp_path: Path, small_disk: None) -> None:
    with pytest.raises(ImageError):
        write_atomic(tmp_path / "out.jpg", bytes(5000))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_at_any_later_step_leaves_the_old_file(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out.jpg"
    write_atomic(target, b"old")
    with monkeypatch.context() as broken:
        broken.setattr(os, step, refuse(errno.ENOSPC))
        with pytest.raises(ImageError, match="No space left"):
            write_atomic(target, b"new")
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["out.jpg"]


def test_an_interruption_leaves_no_part_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: int) -> NoReturn:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", interrupted)
        with pytest.raises(KeyboardInterrupt):
            write_atomic(tmp_path / "out.jpg", b"new")
    assert os.listdir(tmp_path) == []


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"nowhere/out\.jpg: .*another folder"):
        write_atomic(tmp_path / "nowhere" / "out.jpg", b"new")


def test_a_read_only_folder_is_named(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(ImageError, match=r"out\.jpg: .*Permission denied"):
            write_atomic(tmp_path / "out.jpg", b"new")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_replaced_file_hands_on_its_permissions(mode: int, tmp_path: Path) -> None:
    target = tmp_path / "out.jpg"
    target.write_bytes(b"old")
    target.chmod(mode)
    write_atomic(target, b"new")
    assert target.stat().st_mode & 0o777 == mode


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "usual").write_bytes(b"")
    write_atomic(tmp_path / "out.jpg", b"new")
    assert (tmp_path / "out.jpg").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_name_as_long_as_the_disk_allows(tmp_path: Path) -> None:
    target = tmp_path / ("x" * 251 + ".jpg")
    write_atomic(target, b"new")
    assert target.read_bytes() == b"new"


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")


def test_folders_are_searched_through_and_sorted(tmp_path: Path) -> None:
    touch(tmp_path, "b.JPG", "a/c.jpeg", "a/d.Png", "z.webp", "notes.txt", "e.gif", "jpg")
    found = [str(path.relative_to(tmp_path)) for path in find_photos([tmp_path])]
    assert found == ["a/c.jpeg", "a/d.Png", "b.JPG", "z.webp"]


def test_hidden_files_and_folders_are_passed_over(tmp_path: Path) -> None:
    touch(tmp_path, ".hidden.jpg", ".cache/a.jpg", "seen/.b.png", "seen/c.png")
    assert [path.name for path in find_photos([tmp_path])] == ["c.png"]


def test_paths_given_are_taken_as_they_are(tmp_path: Path) -> None:
    touch(tmp_path, "scan.bin", ".hidden.jpg")
    given = [tmp_path / "scan.bin", tmp_path / ".hidden.jpg"]
    assert find_photos(given) == sorted(given)


def test_each_photo_comes_once(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg")
    assert find_photos([tmp_path, tmp_path / "a.jpg", tmp_path]) == [tmp_path / "a.jpg"]


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    touch(tmp_path, "album/a.jpg")
    (tmp_path / "album" / "again").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "album" / "self.jpg").symlink_to(tmp_path / "album" / "self.jpg")
    assert find_photos([tmp_path]) == [tmp_path / "album" / "a.jpg"]


def test_a_link_to_a_photo_is_a_photo(tmp_path: Path) -> None:
    touch(tmp_path, "elsewhere/a.jpg")
    (tmp_path / "album").mkdir()
    (tmp_path / "album" / "b.jpg").symlink_to(tmp_path / "elsewhere" / "a.jpg")
    assert find_photos([tmp_path / "album"]) == [tmp_path / "album" / "b.jpg"]


def test_a_folder_without_photos_is_empty(tmp_path: Path) -> None:
    assert find_photos([tmp_path]) == []
    assert find_photos([]) == []


def test_a_missing_path_is_wrong_use(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg")
    with pytest.raises(UsageError, match=r"gone\.jpg"):
        find_photos([tmp_path / "a.jpg", tmp_path / "gone.jpg"])


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(path: object) -> NoReturn:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(os, "scandir", forbidden)
    with pytest.raises(ImageError, match=f"{tmp_path}: .*Permission denied"):
        find_photos([tmp_path])
