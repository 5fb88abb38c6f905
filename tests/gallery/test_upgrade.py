from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unfind.errors import GalleryError
from unfind.gallery.add_folder import add_photos
from unfind.gallery.arrow import arrow_schema, to_arrow
from unfind.gallery.lance_table import create_table
from unfind.gallery.store import Gallery
from unfind.gallery.upgrade import UpgradeReport, upgrade


class Other:
    """A second model that anybody can check by hand: the mean of green and blue, made as long as 1."""

    fingerprint = "other-1"
    dimension = 2

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.fail_at: int | None = None

    def __call__(self, images: Any, /) -> np.ndarray:
        if self.fail_at is not None and len(self.calls) >= self.fail_at:
            raise RuntimeError("the graphics card has gone away")
        self.calls.append(len(images))
        rows = np.stack([image.reshape(-1, 3).mean(axis=0)[1:] + 1 for image in images]).astype(np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def album(tmp_path: Path, folder: Path, mean_colour: Any) -> Gallery:
    """Ten photos, embedded by their mean colour."""
    gallery = Gallery.create(tmp_path / "album", dimension=3, fingerprint="mean-colour-1", name="mine")
    add_photos(gallery, [folder], mean_colour, owner="ada")
    return gallery


def test_every_photo_is_embedded_by_the_new_model(album: Gallery, folder: Path, tmp_path: Path) -> None:
    ids, model = album.ids(), Other()
    assert upgrade(album.path, model, batch=4) == UpgradeReport(0, 10, 0)
    assert sum(model.calls) == 10
    new = Gallery.open(album.path)
    new.check_model(fingerprint="other-1", dimension=2)
    assert (new.card.name, new.ids(), new.check()) == ("mine", ids, [])
    assert {record.owner for record in new.records(ids).values()} == {"ada"}
    fresh = Gallery.create(tmp_path / "fresh", dimension=2, fingerprint="other-1")
    add_photos(fresh, [folder], Other())
    for photo_id, record in fresh.records(ids).items():
        np.testing.assert_array_equal(new.records([photo_id])[photo_id].vector, record.vector)
    assert len(list(Path(album.path).glob("*.lance"))) == 1


def test_the_same_model_changes_nothing(album: Gallery, mean_colour: Any, files_below: Any) -> None:
    before = files_below(album.path)
    mean_colour.calls.clear()
    assert upgrade(album.path, mean_colour) == UpgradeReport(10, 0, 0)
    assert mean_colour.calls == []
    assert files_below(album.path).keys() == before.keys()


def test_an_upgrade_cut_short_goes_on_and_the_old_model_works_meanwhile(album: Gallery, mean_colour: Any) -> None:
    model = Other()
    model.fail_at = 2
    with pytest.raises(RuntimeError, match="gone away"):
        upgrade(album.path, model, batch=3)
    old = Gallery.open(album.path)
    old.check_model(fingerprint="mean-colour-1", dimension=3)
    assert len(old.search(mean_colour([np.zeros((2, 2, 3), np.uint8)]), 99)[0]) == 10
    model.fail_at = None
    assert upgrade(album.path, model, batch=3) == UpgradeReport(6, 4, 0)
    assert sum(model.calls) == 10
    assert Gallery.open(album.path).info().count == 10


def test_moved_photos_are_found_by_content(album: Gallery, folder: Path, tmp_path: Path) -> None:
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(GalleryError, match="10 files are gone or changed"):
        upgrade(album.path, Other())
    assert upgrade(album.path, Other(), look_in=[tmp_path / "elsewhere"]) == UpgradeReport(0, 10, 0)


def test_missing_photos_are_dropped_only_when_asked(album: Gallery, folder: Path) -> None:
    (folder / "photo3.jpg").unlink()
    (folder / "photo4.jpg").write_bytes((folder / "photo5.jpg").read_bytes())
    with pytest.raises(GalleryError, match="--drop-missing"):
        upgrade(album.path, Other())
    assert Gallery.open(album.path).card.fingerprint == "mean-colour-1"
    assert upgrade(album.path, Other(), drop_missing=True) == UpgradeReport(8, 0, 2)
    assert Gallery.open(album.path).info().count == 8


def test_the_first_format_is_brought_up_without_embedding(album: Gallery, mean_colour: Any, tmp_path: Path) -> None:
    first = tmp_path / "first"
    first.mkdir()
    schema = arrow_schema(3)
    for name in ("owner", "collection"):
        schema = schema.remove(schema.get_field_index(name))
    records = list(album.records(album.ids()).values())
    create_table(first, schema).add(to_arrow(records, 3).select(schema.names))
    card = {"format": "unfind-gallery", "version": 1, "name": "old", "dimension": 3}
    (first / "gallery.json").write_text(
        json.dumps({**card, "fingerprint": "mean-colour-1", "created": "2024-05-06T07:08:09+00:00"})
    )
    with pytest.raises(GalleryError, match="gallery upgrade"):
        Gallery.open(first)
    mean_colour.calls.clear()
    assert upgrade(first, mean_colour) == UpgradeReport(10, 0, 0)
    assert mean_colour.calls == []
    opened = Gallery.open(first)
    assert (opened.card.version, opened.ids(), opened.check()) == (2, album.ids(), [])
    np.testing.assert_array_equal(opened.records([records[0].id])[records[0].id].vector, records[0].vector)


def test_progress_counts_photos(album: Gallery) -> None:
    seen: list[tuple[int, int]] = []
    upgrade(album.path, Other(), batch=4, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (10, 10)


def test_a_second_writer_is_refused(album: Gallery) -> None:
    with album.writing(), pytest.raises(GalleryError, match="one writer"):
        upgrade(album.path, Other())


def test_a_server_is_refused() -> None:
    with pytest.raises(GalleryError, match="works on a folder"):
        upgrade("milvus://localhost", Other())
