from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from unfind.errors import GalleryError
from unfind.gallery.erasure import photo_digest
from unfind.gallery.ids import content_id
from unfind.gallery.record import Record
from unfind.gallery.store import Gallery
from unfind.service import writer as module
from unfind.service.writer import Writer

PATIENCE = 60.0


@pytest.fixture
def writer(gallery: Gallery) -> Iterator[Writer]:
    made = Writer(gallery)
    made.start()
    yield made
    if not made._closed:
        made.stop()


@pytest.fixture
def photo() -> Callable[[int], Record]:
    """A record of a number."""

    def make(number: int) -> Record:
        vector = np.random.default_rng(number).normal(size=3).astype(np.float32)
        now = datetime(2024, 1, 1, tzinfo=UTC)
        return Record(content_id(str(number).encode()), "", 1, 1, 1, now, vector / np.linalg.norm(vector))

    return make


def test_answers_come_when_all_is_on_disk(writer: Writer, photo: Callable[[int], Record], gallery: Gallery) -> None:
    assert writer.add(photo(1)).result(PATIENCE) is True
    assert Gallery.open(gallery.path).ids() == [photo(1).id]
    assert writer.add(photo(1)).result(PATIENCE) is False
    assert writer.remove([photo(1).id, photo(2).id]).result(PATIENCE) == 1
    assert writer.remove([photo(1).id]).result(PATIENCE) == 0


def test_what_waits_goes_to_the_disk_in_one_commit(
    gallery: Gallery, photo: Callable[[int], Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[int] = []
    real = Gallery.add
    monkeypatch.setattr(Gallery, "add", lambda self, records: (commits.append(len(records)), real(self, records))[1])
    made = Writer(gallery)
    answers = [made.add(photo(number % 20)) for number in range(30)]
    made.start()
    assert [answer.result(PATIENCE) for answer in answers] == [True] * 20 + [False] * 10
    made.stop()
    assert commits == [30]


def test_each_erasure_has_a_receipt_of_its_own(writer: Writer, photo: Callable[[int], Record]) -> None:
    for answer in [writer.add(photo(number)) for number in range(4)]:
        answer.result(PATIENCE)
    one, other = writer.erase([photo(0).id, photo(1).id]), writer.erase([photo(1).id, photo(2).id])
    receipts = [one.result(PATIENCE), other.result(PATIENCE)]
    assert [receipt.removed for receipt in receipts] == [2, 1]
    assert receipts[0].photos == (photo_digest(photo(0).id), photo_digest(photo(1).id))
    assert all(receipt.traces_after == 0 for receipt in receipts)


def test_other_writers_are_refused_while_it_runs_and_not_after(
    writer: Writer, gallery: Gallery, photo: Callable[[int], Record]
) -> None:
    other = Gallery.open(gallery.path)
    with pytest.raises(GalleryError, match="one writer at a time, but process"):
        other.add([photo(1)])
    with pytest.raises(GalleryError, match="one writer at a time"):
        Writer(other).start()
    writer.stop()
    assert other.add([photo(1)]) == 1


def test_a_failure_reaches_those_it_concerns(
    writer: Writer, photo: Callable[[int], Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise GalleryError("no space")

    with monkeypatch.context() as patch:
        patch.setattr(Gallery, "add", full)
        with pytest.raises(GalleryError, match="no space"):
            writer.add(photo(1)).result(PATIENCE)
    assert writer.add(photo(1)).result(PATIENCE) is True


def test_stopping_finishes_what_came_in(gallery: Gallery, photo: Callable[[int], Record]) -> None:
    made = Writer(gallery)
    made.start()
    answers = [made.add(photo(number)) for number in range(10)]
    made.stop()
    assert all(answer.result(0) for answer in answers)
    with pytest.raises(GalleryError, match="is stopping"):
        made.add(photo(99))


def test_many_commits_are_merged(
    writer: Writer, photo: Callable[[int], Record], gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "COMPACT_AFTER", 3)
    compacted = threading.Event()
    monkeypatch.setattr(Gallery, "compact", lambda self: compacted.set())
    for number in range(3):
        writer.add(photo(number)).result(PATIENCE)
    assert compacted.wait(PATIENCE)


def test_merging_that_fails_stops_no_writing(
    writer: Writer, photo: Callable[[int], Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Gallery) -> None:
        raise GalleryError("no space")

    monkeypatch.setattr(module, "COMPACT_AFTER", 1)
    monkeypatch.setattr(Gallery, "compact", full)
    assert [writer.add(photo(number)).result(PATIENCE) for number in range(3)] == [True] * 3


def test_a_gallery_that_is_gone_is_told(tmp_path: Path, gallery: Gallery) -> None:
    (tmp_path / "album").rename(tmp_path / "elsewhere")
    with pytest.raises(GalleryError):
        Writer(gallery).start()
