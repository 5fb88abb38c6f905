from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unfind.gallery.store import Gallery
from unfind.studies import service_kill
from unfind.studies.service_kill import Killed, Ledger, Line, id_of, kill_rounds, record_of, vector_of


def test_vectors_have_length_one_and_differ() -> None:
    assert np.linalg.norm(vector_of(3)) == pytest.approx(1, abs=1e-5)
    assert not np.array_equal(vector_of(3), vector_of(4))
    assert id_of(3) != id_of(4)


def test_vectors_of_kept_photos_can_be_made(tmp_path: Path) -> None:
    assert np.linalg.norm(vector_of(-1)) == pytest.approx(1, abs=1e-5)
    assert id_of(-1) != id_of(1)
    assert not np.array_equal(vector_of(-1), vector_of(1))


def test_the_ledger_takes_what_was_acknowledged() -> None:
    ledger = Ledger()
    lines: list[Line] = [("add", 1), ("done", 1), ("add", 2), ("done", 2), ("remove", 2), ("done", 2), ("compact", 2)]
    assert ledger.take(lines) == "compact"
    assert (ledger.must, ledger.gone, ledger.open) == ({1}, {2}, set())
    assert ledger.settle({1}.__contains__) == (0, 0)
    assert ledger.settle(set().__contains__) == (1, 0)
    assert ledger.settle({1, 2}.__contains__) == (0, 1)


@pytest.mark.parametrize("word", ["add", "remove", "erase"])
@pytest.mark.parametrize("reached_the_disk", [True, False])
def test_work_cut_short_may_be_done_or_not_but_stays_as_it_was_found(word: str, reached_the_disk: bool) -> None:
    ledger = Ledger(must={1})
    assert ledger.take([("add", 7), ("done", 7), (word, 8 if word == "add" else 7)]) == word
    number = 8 if word == "add" else 7
    there = {1, 7, 8} if (word == "add") == reached_the_disk else {1, 7, 8} - {number}
    there -= {8} if word != "add" else set()
    assert ledger.settle(there.__contains__) == (0, 0)
    turned = there ^ {number}
    assert sum(ledger.settle(turned.__contains__)) == 1


def test_killed_writers_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_kill, "LONGEST", 0.3)
    monkeypatch.setattr(service_kill, "KEPT", 20)
    seen = kill_rounds(tmp_path / "g", 1)
    assert (seen.rounds, seen.lost, seen.back, seen.wrong, seen.damaged) == (1, 0, 0, 0, 0)
    assert sum(seen.during.values()) == 1
    assert seen.slowest_open > 0


def test_losses_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [("add", 1), ("done", 1), ("add", 2), ("done", 2), ("remove", 2), ("done", 2), ("add", 3), ("done", 3)]

    def writer(folder: Path, first: int, seconds: float) -> list[Line]:
        Gallery.open(folder).add([record_of(2), record_of(3)])
        Gallery.open(folder).remove([id_of(-1)])
        return [*lines, ("remove", 3)]

    monkeypatch.setattr(service_kill, "KEPT", 5)
    monkeypatch.setattr(service_kill, "_killed_writer", writer)
    seen = kill_rounds(tmp_path / "g", 1)
    assert isinstance(seen, Killed)
    assert (seen.acknowledged, seen.lost, seen.back, seen.during) == (4, 2, 1, {"remove": 1})
