from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unfind.errors import GalleryError, UsageError
from unfind.gallery import add_folder
from unfind.gallery.add_folder import AddReport, add_photos
from unfind.gallery.ids import content_id
from unfind.gallery.store import Gallery
from unfind.images.limits import Limits

Jpeg = Callable[..., bytes]


@pytest.fixture
def colours(tmp_path: Path) -> Gallery:
    return Gallery.create(tmp_path / "g", dimension=3, fingerprint="mean-colour-1")


def test_folder_is_added_with_what_is_known_of_each_photo(colours: Gallery, folder: Path, mean_colour: Any) -> None:
    assert add_photos(colours, [folder], mean_colour) == AddReport(10, 0, ())
    photo = folder / "sub" / "photo9.jpg"
    record = colours.records([content_id(photo.read_bytes())])[content_id(photo.read_bytes())]
    assert (record.path, record.file_size) == (str(photo), photo.stat().st_size)
    assert (record.width, record.height, record.label) == (60, 40, "")
    assert record.thumbnail.startswith(b"\xff\xd8")
    assert record.added.tzinfo is not None


def test_each_photo_finds_itself(colours: Gallery, folder: Path, mean_colour: Any) -> None:
    add_photos(colours, [folder], mean_colour, batch=3)
    vector = np.array([[26.0, 231.0, 91.0]], np.float32)  # photo1, plus the 1 that the embedder adds
    [[best]] = colours.search(vector / np.linalg.norm(vector), 1)
    assert best.path == str(folder / "photo1.jpg")


@pytest.mark.parametrize(("batch", "calls"), [(1, [1] * 10), (4, [4, 4, 2]), (10, [10]), (64, [10])])
def test_batches_have_the_size_asked_for(
    colours: Gallery, folder: Path, mean_colour: Any, batch: int, calls: list[int]
) -> None:
    add_photos(colours, [folder], mean_colour, batch=batch)
    assert mean_colour.calls == calls


def test_large_photos_close_a_batch_early(colours: Gallery, folder: Path, mean_colour: Any) -> None:
    add_photos(colours, [folder], mean_colour, max_batch_bytes=3 * 60 * 40 * 3)
    assert mean_colour.calls == [3, 3, 3, 1]


def test_second_run_neither_decodes_nor_embeds(
    colours: Gallery, folder: Path, mean_colour: Any, jpeg: Jpeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_photos(colours, [folder], mean_colour)
    (folder / "new.jpg").write_bytes(jpeg(seed=77))
    (folder / "photo0.jpg").rename(folder / "renamed.jpg")
    decoded: list[int] = []
    real = add_folder.decode
    monkeypatch.setattr(add_folder, "decode", lambda data, limits: decoded.append(1) or real(data, limits=limits))
    assert add_photos(colours, [folder], mean_colour) == AddReport(1, 10, ())
    assert (len(decoded), mean_colour.calls) == (1, [10, 1])


def test_same_photo_twice_in_one_call_is_added_once(colours: Gallery, folder: Path, mean_colour: Any) -> None:
    (folder / "copy.jpg").write_bytes((folder / "photo3.jpg").read_bytes())
    report = add_photos(colours, [folder, folder / "photo3.jpg"], mean_colour)
    assert (report.added, report.skipped) == (10, 2)
    assert colours.info().count == 10


def test_run_cut_short_keeps_its_batches_and_goes_on(colours: Gallery, folder: Path, mean_colour: Any) -> None:
    mean_colour.fail_at = 2
    with pytest.raises(RuntimeError, match="gone away"):
        add_photos(colours, [folder], mean_colour, batch=3)
    assert Gallery.open(colours.path).info().count == 6
    mean_colour.fail_at = None
    assert add_photos(Gallery.open(colours.path), [folder], mean_colour, batch=3) == AddReport(4, 6, ())


def test_corrupt_photos_are_refused_by_name_and_the_others_added(
    colours: Gallery, folder: Path, mean_colour: Any
) -> None:
    whole = (folder / "photo2.jpg").read_bytes()
    (folder / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.jpg").write_text("not a photo")
    report = add_photos(colours, [folder], mean_colour, batch=4)
    assert (report.added, report.skipped) == (10, 0)
    assert [path.name for path, _ in report.refused] == ["cut.jpg", "empty.jpg", "text.jpg"]
    assert all(len(sentence) > 20 for _, sentence in report.refused)


def test_named_files_that_are_no_photos_are_refused_too(colours: Gallery, tmp_path: Path, mean_colour: Any) -> None:
    (tmp_path / "notes.txt").write_text("x")
    os.mkfifo(tmp_path / "pipe")
    paths = [tmp_path / "notes.txt", tmp_path / "pipe", tmp_path / "absent.jpg"]
    report = add_photos(colours, paths, mean_colour)
    assert [path for path, _ in report.refused] == paths
    assert "is none; check the path" in report.refused[1][1]
    assert report.added == 0
    assert mean_colour.calls == []


def test_unreadable_places_are_refused(
    colours: Gallery, folder: Path, mean_colour: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.open

    def guarded(path: Path, *args: Any, **kwargs: Any) -> Any:
        if path.name == "photo4.jpg":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", guarded)
    report = add_photos(colours, [folder], mean_colour)
    assert report.added == 9
    [(path, sentence)] = report.refused
    assert path.name == "photo4.jpg"
    assert "Permission denied" in sentence


def test_limits_hold(colours: Gallery, folder: Path, mean_colour: Any) -> None:
    report = add_photos(colours, [folder], mean_colour, limits=Limits(max_bytes=100))
    assert (report.added, len(report.refused)) == (0, 10)
    report = add_photos(colours, [folder], mean_colour, limits=Limits(max_side=59))
    assert (report.added, len(report.refused)) == (0, 10)


@pytest.mark.skipif(os.name == "nt", reason="file names are text on Windows")
@pytest.mark.parametrize("name", [b"\xff\xfe.jpg", "日本 🐦.jpg".encode(), b"<img src=x onerror=alert(1)>.jpg"])
def test_any_file_name_can_be_added(
    colours: Gallery, tmp_path: Path, mean_colour: Any, jpeg: Jpeg, name: bytes
) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / os.fsdecode(name)).write_bytes(jpeg())
    assert add_photos(colours, [tmp_path / "odd"], mean_colour).added == 1
    [photo_id] = colours.ids()
    assert colours.records([photo_id])[photo_id].path.encode("utf-8").endswith(b".jpg")


def test_labels_come_from_the_caller(colours: Gallery, folder: Path, mean_colour: Any) -> None:
    add_photos(colours, [folder], mean_colour, label_of=lambda path: path.parent.name)
    labels = [record.label for record in colours.records(colours.ids()).values()]
    assert (labels.count("photos"), labels.count("sub")) == (8, 2)


def test_progress_counts_every_file(colours: Gallery, folder: Path, mean_colour: Any) -> None:
    (folder / "broken.jpg").write_bytes(b"x")
    seen: list[tuple[int, int]] = []
    add_photos(colours, [folder], mean_colour, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(i, 11) for i in range(1, 12)]


def test_progress_goes_on_where_nothing_is_new(
    colours: Gallery, folder: Path, mean_colour: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_photos(colours, [folder], mean_colour)
    monkeypatch.setattr(add_folder, "MAX_LOOKED_AT", 3)
    seen: list[int] = []
    known = _watch_reads(monkeypatch)
    told_with = []
    add_photos(
        colours,
        [folder],
        mean_colour,
        progress=lambda done, _: (seen.append(done), told_with.append(len(known))),
    )
    assert seen == list(range(1, 11))
    assert told_with[0] < 10, "the first files are told of before the last is read"
    assert mean_colour.calls == [10]


def test_a_write_that_fails_ends_the_reading(
    colours: Gallery, folder: Path, mean_colour: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Gallery, records: Any) -> int:
        raise GalleryError("the disk is full")

    monkeypatch.setattr(Gallery, "add", full)
    known, before = _watch_reads(monkeypatch), threading.active_count()
    with pytest.raises(GalleryError, match="disk is full"):
        add_photos(colours, [folder], mean_colour, batch=1)
    assert threading.active_count() == before
    assert len(known) <= 4


def _watch_reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Files that are read from now on."""
    files: list[Path] = []
    real = add_folder._read
    monkeypatch.setattr(add_folder, "_read", lambda file, most: (files.append(file), real(file, most))[1])
    return files


def test_another_model_is_refused_before_any_work(colours: Gallery, folder: Path, mean_colour: Any) -> None:
    mean_colour.fingerprint = "mean-colour-2"
    with pytest.raises(GalleryError, match="mean-colour-2"):
        add_photos(colours, [folder], mean_colour)
    assert mean_colour.calls == []


@pytest.mark.parametrize("change", [{"batch": 0}, {"max_batch_bytes": 0}])
def test_impossible_batches_are_refused(
    colours: Gallery, folder: Path, mean_colour: Any, change: dict[str, int]
) -> None:
    with pytest.raises(UsageError, match="at least 1 photo and 1 byte"):
        add_photos(colours, [folder], mean_colour, **change)


def test_embedder_that_loses_a_photo_is_refused(colours: Gallery, folder: Path, mean_colour: Any) -> None:
    class Losing(type(mean_colour)):  # type: ignore[misc]
        def __call__(self, images: Any, /) -> Any:
            return super().__call__(images)[1:]

    with pytest.raises(GalleryError, match="9 came for 10"):
        add_photos(colours, [folder], Losing())
    assert colours.info().count == 0


def test_two_runs_at_once_are_refused(colours: Gallery, folder: Path, mean_colour: Any) -> None:
    with Gallery.open(colours.path).writing(), pytest.raises(GalleryError, match="one writer"):
        add_photos(colours, [folder], mean_colour)


def test_many_batches_are_merged_on_the_way(
    colours: Gallery, folder: Path, mean_colour: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(add_folder, "COMPACT_AFTER", 3)
    compacted: list[int] = []
    real = Gallery.compact
    monkeypatch.setattr(Gallery, "compact", lambda self: (compacted.append(self.info().count), real(self))[1])
    add_photos(colours, [folder], mean_colour, batch=1)
    assert compacted == [3, 6, 9, 10]
    assert colours.info().count == 10
