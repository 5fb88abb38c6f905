from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unfind.gallery.store import Gallery
from unfind.studies import service_kill
from unfind.studies.service_kill import Killed, id_of, kill_rounds, vector_of


def test_vectors_have_length_one_and_differ() -> None:
    assert np.linalg.norm(vector_of(3)) == pytest.approx(1, abs=1e-5)
    assert not np.array_equal(vector_of(3), vector_of(4))
    assert id_of(3) != id_of(4)


def test_killed_writers_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_kill, "LONGEST", 0.3)
    seen = kill_rounds(tmp_path / "g", 1)
    assert (seen.rounds, seen.lost, seen.back, seen.wrong, seen.damaged) == (1, 0, 0, 0, 0)
    assert seen.acknowledged >= 1
    assert seen.slowest_open > 0


def test_losses_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [("added", 1), ("added", 2), ("going", 2), ("gone", 2), ("added", 3), ("going", 3)]

    def writer(folder: Path, first: int, seconds: float) -> list[tuple[str, int]]:
        from datetime import UTC, datetime

        from unfind.gallery.record import Record

        now = datetime.now(UTC)
        Gallery.open(folder).add([Record(id_of(2), "", 1, 1, 1, now, vector_of(2))])
        return lines

    monkeypatch.setattr(service_kill, "_killed_writer", writer)
    seen = kill_rounds(tmp_path / "g", 1)
    assert isinstance(seen, Killed)
    assert (seen.acknowledged, seen.lost, seen.back) == (4, 1, 1)
