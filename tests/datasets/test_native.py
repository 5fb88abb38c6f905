"""Photos as they are: every size, in order, and what cannot be read is passed over."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unfind.datasets.native import HELD_OUT, held_out, native_photos, photos_of
from unfind.errors import DataError, UsageError


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Twelve photos, each of its own size and grey."""
    folder = tmp_path / "album"
    folder.mkdir()
    for number in range(12):
        Image.new("RGB", (20 + number, 30), (number * 20,) * 3).save(folder / f"{number:02d}.png")
    return folder


def test_a_folder_and_a_zip_hold_the_same(album: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "album.zip", "w") as archive:
        for file in sorted(album.iterdir()):
            archive.write(file, file.name)
    for spec in (album, tmp_path / "album.zip"):
        pixels = [photo.pixels for photo in native_photos(photos_of(str(spec)), 100)]
        assert [one.shape for one in pixels] == [(30, 20 + number, 3) for number in range(12)]
        assert [int(one[0, 0, 0]) for one in pixels] == [number * 20 for number in range(12)]


def test_a_data_set_gives_its_test_part() -> None:
    assert len(photos_of("photos")) > 0
    with pytest.raises((UsageError, DataError)):
        photos_of("no/such/folder")


def test_every_fifth_is_held_out(album: Path) -> None:
    photos = photos_of(str(album))
    assert held_out(photos).files == photos.files[HELD_OUT - 1 :: HELD_OUT]
    few = photos.subset([0, 1, 2])
    assert held_out(few).files == few.files


@pytest.mark.parametrize("count", [1, 5, 12, 40])
def test_they_are_evenly_chosen(count: int, album: Path) -> None:
    greys = [int(one.pixels[0, 0, 0]) // 20 for one in native_photos(photos_of(str(album)), count)]
    assert len(greys) == min(count, 12)
    assert greys[0] == 0
    assert count == 1 or greys[-1] == 11
    assert np.ptp(np.diff(greys)) <= 1 if count > 2 else True


def test_damaged_photos_are_passed_over(album: Path) -> None:
    (album / "00.png").write_bytes(b"no photo")
    assert len(list(native_photos(photos_of(str(album)), 100))) == 11
    for file in album.iterdir():
        file.write_bytes(io.BytesIO(b"none").getvalue())
    with pytest.raises(DataError, match="got none that can be read"):
        list(native_photos(photos_of(str(album)), 100))
