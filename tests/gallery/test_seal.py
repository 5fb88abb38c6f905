from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from unfind.errors import GalleryError
from unfind.gallery import seal
from unfind.gallery.lock import LOCK_NAME
from unfind.gallery.record import Record
from unfind.gallery.seal import MARKER_NAME, SEAL_NAME, broken, changing, listed, read_seal, unsealed, write_seal
from unfind.gallery.store import Gallery


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sealed folder of three files, one of them below."""
    place = tmp_path / "g"
    (place / "data").mkdir(parents=True)
    (place / "data" / "a.lance").write_bytes(b"vectors")
    (place / "data" / "b.manifest").write_bytes(b"versions")
    (place / "gallery.json").write_bytes(b"{}")
    (place / LOCK_NAME).write_bytes(b"1")
    write_seal(place)
    return place


def test_seal_names_every_file_with_size_and_digest(folder: Path) -> None:
    entries = read_seal(folder)
    assert entries is not None
    assert sorted(entries) == listed(folder) == ["data/a.lance", "data/b.manifest", "gallery.json"]
    assert entries["data/a.lance"][0] == 7
    assert broken(folder) == []
    assert unsealed(folder) == []


def test_without_a_seal_there_is_none(tmp_path: Path) -> None:
    assert read_seal(tmp_path) is None
    assert broken(tmp_path) == [f"{SEAL_NAME} is missing"]


@pytest.mark.parametrize("name", ["data/a.lance", "data/b.manifest", "gallery.json"])
def test_every_flipped_bit_of_every_byte_is_seen(folder: Path, name: str) -> None:
    whole = (folder / name).read_bytes()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << (place % 8)
        (folder / name).write_bytes(damaged)
        assert broken(folder) == [f"{name} is not what was written"]


def test_a_flipped_byte_of_the_seal_is_seen_wherever_it_is(folder: Path) -> None:
    whole = (folder / SEAL_NAME).read_bytes()
    for place in range(0, len(whole), 7):
        (folder / SEAL_NAME).write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        with pytest.raises(GalleryError, match=r"gallery\.seal must hold"):
            broken(folder)


def test_cut_longer_and_missing_files_are_seen(folder: Path) -> None:
    (folder / "data" / "a.lance").write_bytes(b"vector")
    (folder / "gallery.json").write_bytes(b"{} ")
    (folder / "data" / "b.manifest").unlink()
    assert len(broken(folder)) == 3
    assert "data/b.manifest is missing" in broken(folder)


def test_a_change_is_sealed_when_it_ends(folder: Path) -> None:
    with changing(folder):
        assert (folder / MARKER_NAME).exists()
        (folder / "data" / "a.lance").unlink()
        (folder / "data" / "c.lance").write_bytes(b"new")
        (folder / "gallery.json").write_bytes(b"[]")
        assert broken(folder) == []
        assert unsealed(folder) == ["data/c.lance"]
    assert not (folder / MARKER_NAME).exists()
    assert sorted(read_seal(folder) or ()) == ["data/b.manifest", "data/c.lance", "gallery.json"]
    assert broken(folder) == []


def test_a_change_that_was_cut_short_can_still_be_read_and_damage_seen(folder: Path) -> None:
    cut_short = changing(folder)
    cut_short.__enter__()
    (folder / "data" / "a.lance").unlink()
    (folder / "data" / "c.lance").write_bytes(b"new")
    assert broken(folder) == []
    (folder / "data" / "b.manifest").write_bytes(b"Versions")
    assert broken(folder) == ["data/b.manifest is not what was written"]
    (folder / "data" / "b.manifest").write_bytes(b"versions")
    with changing(folder):
        pass
    assert unsealed(folder) == []


def test_files_written_once_are_read_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = seal._digest
    monkeypatch.setattr(seal, "_digest", lambda path, **options: read.append(path.name) or real(path, **options))
    with changing(folder):
        (folder / "data" / "c.lance").write_bytes(b"new")
    assert read == ["c.lance", "gallery.json"]


def test_a_reader_beside_a_writer_reads_the_seal_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = seal._fault, [0]

    def fault(place: Path, name: str, *more: object) -> str | None:
        calls[0] += 1
        if calls[0] == 1:  # the writer is faster: a file that the first seal names is gone
            (place / "data" / "a.lance").unlink()
            write_seal(place)
        return real(place, name, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(seal, "_fault", fault)
    assert broken(folder) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_files_that_cannot_be_read_are_named(folder: Path) -> None:
    (folder / "data" / "a.lance").chmod(0)
    assert "cannot be read" in broken(folder)[0]


def test_one_flipped_byte_in_any_file_of_a_real_gallery_is_refused(
    gallery: Gallery, unit: Callable[..., np.ndarray], record: Callable[..., Record], tmp_path: Path
) -> None:
    records = [record(f"{i}", row) for i, row in enumerate(unit(30))]
    gallery.add(records)
    gallery.remove([records[0].id])
    names = [path.relative_to(gallery.path) for path in gallery.path.rglob("*") if path.is_file()]
    expected = gallery.search(unit(3), 5)
    draw = np.random.default_rng(0)
    for name in names:
        for _ in range(5):
            copy = shutil.copytree(gallery.path, tmp_path / "copy")
            data = bytearray((copy / name).read_bytes())
            data[draw.integers(len(data))] ^= 1 << int(draw.integers(8))
            (copy / name).write_bytes(data)
            try:
                assert Gallery.open(copy).search(unit(3), 5) == expected
                assert name.name == LOCK_NAME, f"a flipped byte of {name} was not noticed"
            except GalleryError:
                assert name.name != LOCK_NAME
            shutil.rmtree(copy)
