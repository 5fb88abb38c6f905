from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from unfind.datasets import matlab as room
from unfind.datasets.matlab import as_json, read_cells, read_struct
from unfind.errors import DataError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    rows = np.zeros((1, 3), [("name", object), ("class", object)])
    for i in range(3):
        rows[0, i] = (f"{i}.jpg", i + 250)
    titles = np.zeros((1, 2), object)
    titles[0, :] = ["AM General Hummer", "Ünlü"]
    savemat(tmp_path / "a.mat", {"rows": rows, "titles": titles, "one": rows[:, :1]})
    return tmp_path / "a.mat"


def test_structure_arrays_and_cells(path: Path) -> None:
    expected = {"name": ["0.jpg", "1.jpg", "2.jpg"], "class": ["250", "251", "252"]}
    assert read_struct(path, "rows") == expected
    assert read_cells(path, "titles") == ["AM General Hummer", "Ünlü"]
    assert json.loads(as_json(str(path), "one")) == {"name": ["0.jpg"], "class": ["250"]}


def test_a_variable_of_the_other_kind_or_absent_is_refused(path: Path) -> None:
    with pytest.raises(DataError, match=r"titles in .*a\.mat must be a structure array"):
        read_struct(path, "titles")
    with pytest.raises(DataError, match=r"rows in .*a\.mat must be a list"):
        read_cells(path, "rows")
    with pytest.raises(DataError, match=r"cannot be read as one \(KeyError: 'absent'\)"):
        read_cells(path, "absent")


def test_absent_and_foreign_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.mat").write_text("no MATLAB file, " * 20)
    for name in ("absent.mat", "text.mat"):
        with pytest.raises(DataError, match=rf"{name} must be a MATLAB file"):
            read_struct(tmp_path / name, "rows")


def test_a_crash_of_the_reader_is_an_error_like_any_other(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "READER", (sys.executable, "-c", "import os; os.kill(os.getpid(), 11)"))
    with pytest.raises(DataError, match=r"cannot be read as one .*SIGSEGV"):
        read_struct(path, "rows")


def test_a_reader_that_hangs_is_stopped(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "READER", (sys.executable, "-c", "import time; time.sleep(60)"))
    with pytest.raises(DataError, match=r"timed out after 0\.3 seconds"):
        read_struct(path, "rows", seconds=0.3)


@pytest.mark.parametrize("place", [128, 132, 144, 176, 200, 232])
def test_damaged_files_raise_our_errors_only(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 0xCA
    path.write_bytes(data)
    with suppress(DataError):  # anything else, a crash above all, fails the test
        read_struct(path, "rows", seconds=20)
