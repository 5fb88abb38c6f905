"""report.adversary_json: what the document of an adversary may and may not hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from unfind.errors import DataError, UsageError
from unfind.report.adversary_json import KINDS, read_adversary, write_adversary


def test_a_document_comes_back_as_it_was_written(tmp_path: Path, adversary_document: dict[str, Any]) -> None:
    write_adversary(tmp_path / "adversary.json", adversary_document)
    assert read_adversary(tmp_path / "adversary.json") == adversary_document
    assert {row["kind"] for row in adversary_document["attacks"]} == set(KINDS)


@pytest.mark.parametrize(
    ("key", "value"),
    [("kind", "magic"), ("held", -1), ("share", 1.5), ("seconds", None), ("likeness", 2.0), ("benign_drop", {})],
)
def test_a_wrong_attack_is_refused(tmp_path: Path, adversary_document: dict[str, Any], key: str, value: Any) -> None:
    adversary_document["attacks"][2][key] = value
    with pytest.raises(UsageError, match=key):
        write_adversary(tmp_path / "adversary.json", adversary_document)
    assert not (tmp_path / "adversary.json").exists()


def test_more_than_everything_may_be_found(tmp_path: Path, adversary_document: dict[str, Any]) -> None:
    adversary_document["attacks"][1]["found_c2p"] = {"value": 1.1, "low": 1.0, "high": 1.2}
    write_adversary(tmp_path / "adversary.json", adversary_document)


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "adversary.json").write_text('{"schema": 2}')
    with pytest.raises(DataError, match="a document of an adversary"):
        read_adversary(tmp_path / "adversary.json")
