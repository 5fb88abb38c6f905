"""A reproduction: its document, its four files, its table for people."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from unfind.errors import DataError, UsageError
from unfind.report.checks import number, record, text
from unfind.report.json_file import read_json
from unfind.studies.reproduction import printed, reproduction_check, reproduction_document, write_reproduction

ROWS: list[dict[str, Any]] = [
    {"seed": 0, "method": "rnm", "bits": 16, "metric": "map", "value": 0.1},
    {"seed": 1, "method": "rnm", "bits": 16, "metric": "map", "value": 0.2},
    {"seed": 0, "method": "rnm", "bits": 16, "metric": "psnr", "value": 36.5, "budget": 0.032},
    {"seed": None, "method": "hag", "bits": 16, "metric": "map", "value": 0.05},
]
CHECK = reproduction_check("rnm", ["table-1"], record({"method": text(), "value": number()}))


def document(**facts: Any) -> dict[str, Any]:
    given = {"artefact": "table-1", "title": "a title", "settings": {"steps": 3}, "rows": ROWS, **facts}
    return reproduction_document("rnm", data="photos", seeds=(0, 1), seconds=1.5, facts=given)


def test_the_document_says_what_on_what_and_how_long() -> None:
    made = document()
    assert (made["paper"], made["data"], made["seeds"], made["seconds"]) == ("rnm", "photos", [0, 1], 1.5)
    assert made["machine"]
    assert made["threads"] >= 1
    assert "unfind" in made["versions"]
    assert list(CHECK(made, "")) == []


def test_four_files_are_named_after_the_artefact(tmp_path: Path) -> None:
    found = write_reproduction(tmp_path / "new", document(), lambda format: format.encode(), CHECK)
    assert [file.name for file in found.files] == [f"table-1.{kind}" for kind in ("json", "csv", "svg", "png")]
    assert read_json(found.files[0], CHECK, kind="a reproduction") == found.document
    lines = list(csv.DictReader(io.StringIO(found.files[1].read_text())))
    assert [line["value"] for line in lines] == ["0.1", "0.2", "36.5", "0.05"]
    assert [file.read_bytes() for file in found.files[2:]] == [b"svg", b"png"]


@pytest.mark.parametrize(
    "facts", [{"artefact": "table-9"}, {"title": 3}, {"rows": [{"method": "rnm"}]}, {"settings": None}]
)
def test_another_document_is_not_written(tmp_path: Path, facts: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        write_reproduction(tmp_path, document(**facts), lambda format: b"", CHECK)
    assert list(tmp_path.iterdir()) == []


def test_another_papers_document_is_not_read(tmp_path: Path) -> None:
    found = write_reproduction(tmp_path, document(), lambda format: b"", CHECK)
    other = reproduction_check("mip", ["table-1"], record({}))
    with pytest.raises(DataError):
        read_json(found.files[0], other, kind="a reproduction")


def test_the_table_for_people() -> None:
    head, body = printed(ROWS, ("method", "bits"), ("map", "psnr"))
    assert head == ["method", "bits", "map", "psnr"]
    assert body == [["rnm", "16", "15.00", "36.50"], ["hag", "16", "5.00", "-"]]
