"""Subjects that are searched for at native size."""

from __future__ import annotations

import runpy
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unfind.datasets.spec import load
from unfind.errors import DataError
from unfind.images.decode import decode

SCRIPT = Path(__file__).resolve().parents[1] / "benchmarks" / "native_photos.py"
write_shots = runpy.run_path(str(SCRIPT))["write_shots"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Nine photos, one of them small."""
    (tmp_path / "photos").mkdir()
    for number in range(9):
        noise = np.random.default_rng(number).integers(0, 256, (12, 9, 3), dtype=np.uint8)
        size = (40, 30) if number == 4 else (90, 120)
        Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).save(tmp_path / "photos" / f"{number}.jpg")
    return tmp_path / "photos"


def test_each_large_photo_becomes_a_subject(folder: Path, tmp_path: Path) -> None:
    assert write_shots(str(folder), tmp_path / "a.zip", shots=3, side=64) == 8
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        names = archive.namelist()
        shots = [decode(archive.read(name)).pixels for name in names]
    assert sorted(names) == [f"subject-{subject:03d}/{shot}.jpg" for subject in range(8) for shot in range(3)]
    assert {shot.shape for shot in shots} == {(64, 64, 3)}
    assert len({shot.tobytes() for shot in shots}) == len(shots)
    split = load(str(tmp_path / "a.zip"))
    assert len(split.train) + len(split.validation) + len(split.test) == 24


def test_the_same_photos_give_the_same_shots(folder: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_shots(str(folder), tmp_path / f"{name}.zip", subjects=2, shots=2, side=64)
    one, other = (zipfile.ZipFile(tmp_path / f"{name}.zip") for name in ("a", "b"))
    assert len(one.namelist()) == 4
    assert [one.read(name) for name in one.namelist()] == [other.read(name) for name in other.namelist()]


def test_photos_that_are_too_small_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="at least 400 pixels a side"):
        write_shots(str(folder), tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()
