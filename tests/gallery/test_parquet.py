from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from unfind.errors import GalleryError
from unfind.gallery.parquet import export_parquet, import_parquet, read_export
from unfind.gallery.record import Record
from unfind.gallery.store import Gallery

Unit = Callable[..., np.ndarray]
MakeRecord = Callable[..., Record]


@pytest.fixture
def export(gallery: Gallery, unit: Unit, record: MakeRecord, tmp_path: Path) -> tuple[Path, list[Record]]:
    """An export of 12 photos, one of which was removed."""
    records = [record(f"{i}", row, owner="ü") for i, row in enumerate(unit(12))]
    gallery.add(records)
    gallery.remove([records[0].id])
    assert export_parquet(gallery, tmp_path / "album.parquet") == 11
    return tmp_path / "album.parquet", records[1:]


def test_photos_come_back_as_they_went(export: tuple[Path, list[Record]], gallery: Gallery, tmp_path: Path) -> None:
    path, records = export
    assert read_export(path) == gallery.card
    other = Gallery.create(tmp_path / "other", dimension=8, fingerprint="model-1")
    assert import_parquet(path, other) == 11
    assert import_parquet(path, other) == 0
    back = other.records(other.ids())
    for before in records:
        for field in fields(Record):
            np.testing.assert_array_equal(getattr(back[before.id], field.name), getattr(before, field.name))


def test_a_gallery_moves_to_a_server_and_back(
    export: tuple[Path, list[Record]], milvus_server: str, tmp_path: Path
) -> None:
    path, records = export
    server = Gallery.create(f"{milvus_server}/moved", dimension=8, fingerprint="model-1")
    assert import_parquet(path, server) == 11
    assert export_parquet(server, tmp_path / "back.parquet") == 11
    assert server.search(records[2].vector[None], 1)[0][0].id == records[2].id
    server.close()


def test_other_tools_can_read_it(export: tuple[Path, list[Record]]) -> None:
    table = pq.read_table(export[0])
    assert table.num_rows == 11
    assert {"id", "vector", "owner", "added"} <= set(table.column_names)


def test_another_model_or_kind_is_refused(export: tuple[Path, list[Record]], tmp_path: Path) -> None:
    other = Gallery.create(tmp_path / "other", dimension=8, fingerprint="model-2")
    with pytest.raises(GalleryError, match="model-2"):
        import_parquet(export[0], other)
    codes = Gallery.create(tmp_path / "codes", dimension=8, fingerprint="model-1", kind="hamming")
    with pytest.raises(GalleryError, match="compares by hamming"):
        import_parquet(export[0], codes)


def test_damage_is_refused(export: tuple[Path, list[Record]], tmp_path: Path) -> None:
    path, records = export
    whole = path.read_bytes()
    place = whole.find(records[4].vector.tobytes()[:8])
    flipped = bytearray(whole)
    flipped[place if place > 0 else len(whole) // 3] ^= 16
    path.write_bytes(flipped)
    other = Gallery.create(tmp_path / "other", dimension=8, fingerprint="model-1")
    with pytest.raises(GalleryError, match="must be an export"):
        import_parquet(path, other)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(GalleryError, match="must be an export"):
        read_export(path)
    with pytest.raises(GalleryError):
        read_export(tmp_path / "absent.parquet")


def test_a_parquet_file_of_others_is_refused(tmp_path: Path) -> None:
    import pyarrow as pa

    pq.write_table(pa.table({"x": [1]}), tmp_path / "x.parquet")
    with pytest.raises(GalleryError, match="must be the card"):
        read_export(tmp_path / "x.parquet")


def test_an_export_that_fails_leaves_the_file_before(gallery: Gallery, tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match="must be an export"):
        export_parquet(gallery, tmp_path / "absent" / "x.parquet")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gallery"]
