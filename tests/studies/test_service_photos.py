from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from unfind.errors import DataError
from unfind.images.decode import decode
from unfind.studies.service_photos import MADE_UP, SIDE, made_up_photo, named


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "holiday"
    place.mkdir()
    for number in range(3):
        (place / f"{number}.jpg").write_bytes(made_up_photo(100 + number))
    return place


def test_made_up_photos_are_photos_and_differ() -> None:
    assert decode(made_up_photo(1)).pixels.shape == (SIDE, SIDE, 3)
    assert made_up_photo(1) == made_up_photo(1) != made_up_photo(2)


def test_no_data_are_made_up() -> None:
    photos = named(MADE_UP)
    assert (photos.real, photos.name) == (0, "made-up")
    assert photos.read(5) == made_up_photo(5)


def test_real_photos_come_first(folder: Path) -> None:
    photos = named(str(folder))
    assert (photos.real, photos.name) == (3, "holiday")
    assert [photos.read(number) for number in range(5)] == [made_up_photo(n) for n in (100, 101, 102, 0, 1)]


def test_zips_need_no_unpacking_and_several_sources_go_together(folder: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.writestr("a.jpg", made_up_photo(200))
    photos = named(f"{tmp_path / 'more.zip'},{folder}")
    assert (photos.real, photos.name) == (4, "more, holiday")
    assert photos.read(0) == made_up_photo(200)
    assert photos.read(3) == made_up_photo(102)


def test_a_comma_may_be_part_of_a_name(folder: Path) -> None:
    renamed = folder.rename(folder.with_name("sea, sand"))
    assert named(str(renamed)).real == 3


def test_photos_are_laid_out_as_files(folder: Path, tmp_path: Path) -> None:
    place = named(str(folder)).lay_out(tmp_path / "out" / "photos", 4)
    files = sorted(place.iterdir())
    assert [file.read_bytes() for file in files] == [made_up_photo(n) for n in (100, 101, 102, 0)]


def test_the_embedded_photos_are_known_by_their_word() -> None:
    photos = named("photos")
    assert photos.name == "photos"
    assert photos.real > 100


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gone"):
        named(str(tmp_path / "gone"))
