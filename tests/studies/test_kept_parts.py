"""studies.kept_parts: what is done is not done again, under the same settings alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unfind.errors import DataError, ResumeError
from unfind.studies.kept_parts import KeptParts

SETTINGS = {"data": "photos", "seed": 1, "none": None}


def never() -> dict[str, np.ndarray]:
    raise AssertionError("made again")


def test_a_part_is_made_once(tmp_path: Path) -> None:
    parts = KeptParts(tmp_path, SETTINGS)
    made = {"a": [1, 2.5], "b": None}
    assert parts.document("one", lambda: made) == made
    assert parts.document("one", never) == made
    assert KeptParts(tmp_path, SETTINGS, resume=True).document("one", never) == made


def test_arrays_are_kept_bit_for_bit(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    found = KeptParts(tmp_path, SETTINGS).arrays("rows", lambda: {"rows": rows, "count": np.array(7)})
    again = KeptParts(tmp_path, SETTINGS, resume=True).arrays("rows", never)
    for one in (found, again):
        np.testing.assert_array_equal(one["rows"], rows)
        assert one["rows"].dtype == np.float32
        assert int(one["count"]) == 7


def test_a_part_that_fails_leaves_nothing(tmp_path: Path) -> None:
    parts = KeptParts(tmp_path, SETTINGS)
    with pytest.raises(AssertionError):
        parts.document("one", never)
    with pytest.raises(ValueError, match="JSON"):
        parts.document("one", lambda: float("nan"))
    assert parts.document("one", lambda: 5) == 5


def test_begun_folders_ask_for_resume_and_for_the_same_settings(tmp_path: Path) -> None:
    KeptParts(tmp_path, SETTINGS).document("one", lambda: 1)
    with pytest.raises(ResumeError, match="--resume"):
        KeptParts(tmp_path, SETTINGS)
    with pytest.raises(ResumeError, match="settings"):
        KeptParts(tmp_path, {**SETTINGS, "seed": 2}, resume=True)


def test_a_folder_without_parts_may_be_used_again(tmp_path: Path) -> None:
    KeptParts(tmp_path, SETTINGS)
    assert KeptParts(tmp_path, SETTINGS).document("one", lambda: 3) == 3


@pytest.mark.parametrize("name", ["one.json", "two.npz"])
def test_damage_is_told(tmp_path: Path, name: str) -> None:
    parts = KeptParts(tmp_path, SETTINGS)
    (tmp_path / "parts" / name).write_bytes(b"\x00half")
    with pytest.raises(DataError, match="delete it and resume"):
        parts.document("one", never) if name == "one.json" else parts.arrays("two", never)
