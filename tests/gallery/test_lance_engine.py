"""What only the embedded engine does; what it shares with the other one is in test_engine.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from unfind.errors import GalleryError
from unfind.gallery import lance_engine
from unfind.gallery.card import read_card
from unfind.gallery.lance_engine import LanceEngine
from unfind.gallery.record import Record
from unfind.gallery.seal import MARKER_NAME, broken, unsealed
from unfind.gallery.store import Gallery

Unit = Callable[..., np.ndarray]
MakeRecord = Callable[..., Record]


@pytest.fixture
def clustered(tmp_path: Path, record: MakeRecord, monkeypatch: pytest.MonkeyPatch) -> tuple[Gallery, np.ndarray]:
    """An indexed gallery of 1500 vectors in clusters, and the vectors."""
    monkeypatch.setattr(lance_engine, "MIN_INDEXED", 1000)
    monkeypatch.setattr(lance_engine, "ROWS_PER_PARTITION", 500)
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(50, 32))[draw.integers(0, 50, 1500)] + 0.5 * draw.normal(size=(1500, 32))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    gallery = Gallery.create(tmp_path / "clustered", dimension=32, fingerprint="m")
    gallery.add([record(f"{i}", row) for i, row in enumerate(rows)])
    gallery.index()
    return gallery, rows


def test_index_finds_what_looking_at_everything_finds(clustered: tuple[Gallery, np.ndarray]) -> None:
    gallery, rows = clustered
    assert gallery.info().indexed
    exact, near = gallery.search(rows[::50], 10), gallery.search(rows[::50], 10, exact=False)
    shared = [len({h.id for h in a} & {h.id for h in b}) for a, b in zip(exact, near, strict=True)]
    assert np.mean(shared) >= 9.8
    assert near[0][0].score == pytest.approx(1.0, abs=1e-4)


def test_in_memory_a_small_gallery_is_looked_at_as_a_whole(
    clustered: tuple[Gallery, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery, rows = clustered
    asked: list[object] = []
    walk = lance_engine.LanceEngine._approximate
    monkeypatch.setattr(
        lance_engine.LanceEngine, "_approximate", lambda self, *words: asked.append(words) or walk(self, *words)
    )
    resident = Gallery.open(gallery.path, resident=True)
    assert resident.search(rows[:3], 10, exact=False) == resident.search(rows[:3], 10)
    assert asked == []
    monkeypatch.setattr(lance_engine, "QUICK_NUMBERS", rows.size - 1)
    resident.search(rows[:3], 10, exact=False)
    assert len(asked) == 3


def test_index_knows_what_came_and_went_after_it(clustered: tuple[Gallery, np.ndarray], record: MakeRecord) -> None:
    gallery, rows = clustered
    late = record("late", -rows[0])
    gallery.add([late])
    gallery.remove([record("7", rows[7]).id])
    assert gallery.search(-rows[:1], 1, exact=False)[0][0].id == late.id
    assert record("7", rows[7]).id not in {hit.id for hit in gallery.search(rows[7:8], 50, exact=False)[0]}
    gallery.compact()
    assert gallery.search(-rows[:1], 1, exact=False)[0][0].id == late.id
    assert gallery.check() == []


def test_erasing_takes_the_index_along_and_search_goes_on(
    clustered: tuple[Gallery, np.ndarray], record: MakeRecord
) -> None:
    gallery, rows = clustered
    gone = record("9", rows[9])
    assert gallery.erase([gone.id]) == 1
    assert not gallery.info().indexed
    stored = b"".join(p.read_bytes() for p in gallery.path.rglob("*") if p.is_file())
    assert gone.vector.tobytes() not in stored
    assert gone.id.encode() not in stored
    assert gone.id not in {hit.id for hit in gallery.search(rows[9:10], 50, exact=False)[0]}


def test_small_galleries_and_codes_need_no_index(gallery: Gallery, unit: Unit, record: MakeRecord) -> None:
    gallery.add([record(f"{i}", row) for i, row in enumerate(unit(20))])
    gallery.index()
    assert not gallery.info().indexed
    assert len(gallery.search(unit(1), 5, exact=False)[0]) == 5


def test_memory_follows_what_another_process_wrote(gallery: Gallery, unit: Unit, record: MakeRecord) -> None:
    resident = Gallery.open(gallery.path, resident=True)
    assert resident.search(unit(1), 3) == [[]]
    gallery.add([record("a", unit(1)[0])])
    assert len(resident.search(unit(1), 3)[0]) == 1
    gallery.erase([record("a", unit(1)[0]).id])
    assert resident.search(unit(1), 3) == [[]]


def test_memory_is_not_read_anew_for_our_own_writes(
    gallery: Gallery, unit: Unit, record: MakeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    resident = Gallery.open(gallery.path, resident=True)
    resident.add([record("a", unit(1)[0])])
    resident.search(unit(1), 1)
    kept = resident.engine._resident  # type: ignore[attr-defined]
    resident.add([record(f"{i}", row) for i, row in enumerate(unit(5, seed=3))])
    resident.remove([record("0", unit(1)[0]).id])
    resident.compact()
    assert len(resident.search(unit(1), 9)[0]) == 5
    assert resident.engine._resident is kept  # type: ignore[attr-defined]


def test_every_write_is_sealed(gallery: Gallery, unit: Unit, record: MakeRecord) -> None:
    records = [record(f"{i}", row) for i, row in enumerate(unit(5))]
    for write in (
        lambda: gallery.add(records),
        lambda: gallery.put(records[:1]),
        lambda: gallery.remove([records[0].id]),
        lambda: gallery.erase([records[1].id]),
        gallery.compact,
        gallery.index,
    ):
        write()
        assert (broken(gallery.path), unsealed(gallery.path)) == ([], [])  # type: ignore[arg-type]
        assert not (gallery.path / MARKER_NAME).exists()  # type: ignore[operator]


def test_a_full_disk_is_told_and_leaves_the_gallery_whole(
    gallery: Gallery, unit: Unit, record: MakeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    gallery.add([record("a", unit(1)[0])])
    with monkeypatch.context() as patch:
        patch.setattr("unfind.gallery.seal.replace_file", full)
        with pytest.raises(GalleryError, match="No space left"):
            gallery.add([record("b", unit(1)[0])])
    again = Gallery.open(gallery.path)
    assert record("a", unit(1)[0]).id in again.ids()
    again.add([record("c", unit(1)[0])])
    assert Gallery.open(gallery.path).check() == []


def test_damage_of_a_row_is_told_even_without_a_seal(gallery: Gallery, unit: Unit, record: MakeRecord) -> None:
    gallery.add([record(f"{i}", row) for i, row in enumerate(unit(9))])
    [data] = gallery.path.rglob("data/*.lance")  # type: ignore[union-attr]
    data.write_bytes(b"\x5a" * data.stat().st_size)
    faults = Gallery.open(gallery.path, verify=False).check()
    assert any("is not what was written" in fault for fault in faults)
    assert any("LanceDB says" in fault for fault in faults)


def test_a_gallery_of_the_first_format_asks_for_an_upgrade(gallery: Gallery) -> None:
    card = gallery.path / "gallery.json"  # type: ignore[operator]
    text = card.read_text().replace('"version": 2', '"version": 1')
    card.write_text("\n".join(line for line in text.splitlines() if '"kind"' not in line and '"table"' not in line))
    card.write_text(card.read_text().replace('"version": 1', '"version": 1').replace(",\n}", "\n}"))
    assert read_card(gallery.path).version == 1  # type: ignore[arg-type]
    with pytest.raises(GalleryError, match="unfind gallery upgrade"):
        LanceEngine.open(gallery.path)  # type: ignore[arg-type]
