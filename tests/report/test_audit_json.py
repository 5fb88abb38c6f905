"""report.audit_json: what an audit may and may not hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from unfind.errors import DataError, UsageError
from unfind.report.audit_json import read_audit, write_audit


def test_an_audit_comes_back_as_it_was_written(tmp_path: Path, audit_document: dict[str, Any]) -> None:
    write_audit(tmp_path / "audit.json", audit_document)
    assert read_audit(tmp_path / "audit.json") == audit_document


def test_what_was_not_looked_at_is_null(tmp_path: Path, audit_document: dict[str, Any]) -> None:
    write_audit(tmp_path / "a.json", {**audit_document, "training": None, "curves": None, "own_trigger": None})
    assert read_audit(tmp_path / "a.json")["curves"] is None


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("verdict", "guilty", "verdict"),
        ("hashes", 1, "true or false"),
        ("n_clean", 0, "n_clean"),
        ("findings", [{"about": "x"}], "value is missing"),
        ("photo_tests", [{"model": "a"}], "group is missing"),
        ("seconds", -1.0, "seconds"),
    ],
)
def test_what_does_not_fit_is_refused(
    tmp_path: Path, audit_document: dict[str, Any], key: str, value: Any, complaint: str
) -> None:
    with pytest.raises(UsageError, match=complaint):
        write_audit(tmp_path / "audit.json", {**audit_document, key: value})
    assert not (tmp_path / "audit.json").exists()


def test_areas_and_shares_stay_in_their_ranges(tmp_path: Path, audit_document: dict[str, Any]) -> None:
    audit_document["photo_tests"][0]["caught"] = 1.2
    with pytest.raises(UsageError, match="caught"):
        write_audit(tmp_path / "audit.json", audit_document)


def test_another_file_is_no_audit(tmp_path: Path) -> None:
    (tmp_path / "audit.json").write_text("{}")
    with pytest.raises(DataError, match="an audit"):
        read_audit(tmp_path / "audit.json")
