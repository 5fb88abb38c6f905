from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from unfind.errors import DataError, UsageError
from unfind.report.checks import number, record
from unfind.report.json_file import document_text, read_json, write_json

CHECK = record({"a": number()})


def test_document_comes_back(tmp_path: Path) -> None:
    write_json(tmp_path / "d.json", {"a": 1.5, "ü": ["x", None]}, CHECK, kind="a test")
    assert read_json(tmp_path / "d.json", CHECK, kind="a test") == {"a": 1.5, "ü": ["x", None]}
    assert [entry.name for entry in tmp_path.iterdir()] == ["d.json"]


def test_equal_documents_give_equal_bytes() -> None:
    one = document_text({"b": 1, "a": {"d": 2, "c": 3}}, kind="a test")
    assert one == document_text({"a": {"c": 3, "d": 2}, "b": 1}, kind="a test")
    assert one == '{\n  "a": {\n    "c": 3,\n    "d": 2\n  },\n  "b": 1\n}\n'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"x", object()])
def test_values_that_json_does_not_know_are_refused(tmp_path: Path, value: Any) -> None:
    with pytest.raises(UsageError, match="finite numbers, text, lists and objects"):
        write_json(tmp_path / "d.json", {"a": 1, "b": value}, CHECK, kind="a test")
    assert list(tmp_path.iterdir()) == []


def test_documents_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a test must follow its schema, but a is missing"):
        write_json(tmp_path / "d.json", {}, CHECK, kind="a test")
    (tmp_path / "d.json").write_text('{"a": "x"}')
    with pytest.raises(DataError, match="must hold a test, but a must be a number, not 'x'"):
        read_json(tmp_path / "d.json", CHECK, kind="a test")


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b'{"a": NaN}', b'{"a": Infinity}', b"[" * 100_000])
def test_what_is_no_json_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "d.json").write_bytes(data)
    with pytest.raises(DataError, match="must hold a test as JSON"):
        read_json(tmp_path / "d.json", CHECK, kind="a test")


@pytest.mark.parametrize("data", ["[]", "3", "null", '"a"'])
def test_json_that_is_no_object_is_refused(tmp_path: Path, data: str) -> None:
    (tmp_path / "d.json").write_text(data)
    with pytest.raises(DataError, match="must be an object"):
        read_json(tmp_path / "d.json", CHECK, kind="a test")


def test_absent_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="must be a readable file"):
        read_json(tmp_path / "absent.json", CHECK, kind="a test")
    with pytest.raises(DataError, match="must be writable"):
        write_json(tmp_path / "absent" / "d.json", {"a": 1}, CHECK, kind="a test")


def test_failed_write_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_json(tmp_path / "d.json", {"a": 1}, CHECK, kind="a test")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("unfind.atomic_file.os.fsync", full)
    with pytest.raises(DataError, match="No space left"):
        write_json(tmp_path / "d.json", {"a": 2}, CHECK, kind="a test")
    assert [entry.name for entry in tmp_path.iterdir()] == ["d.json"]
    assert json.loads((tmp_path / "d.json").read_text()) == {"a": 1}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_others_may_read_the_file(tmp_path: Path) -> None:
    write_json(tmp_path / "d.json", {"a": 1}, CHECK, kind="a test")
    assert (tmp_path / "d.json").stat().st_mode & 0o777 == 0o644
