"""``unfind redteam audit``: on a protected model and the clean one beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

SMALL = ("--sample=20", "--steps=2", "--targets=1", "--no-curves")


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("audit")


def test_json_page_and_table(
    unfind: Any, class_photos: Path, protected_run: Path, clean_run: Path, where: Path
) -> None:
    words = ("redteam", "audit", protected_run, "--data", class_photos, "--beside", clean_run, "--out", where, *SMALL)
    said = unfind(*words)
    assert said.out.endswith(f"{where / 'audit.html'}\n")
    assert "faint pattern away" in said.out
    assert "doubt: 1 clean model says" in said.err
    document = json.loads((where / "audit.json").read_text())
    assert document["own_trigger"] == "spread-spectrum"
    assert {row["model"] for row in document["searches"]} == {"audited", document["beside"][0]}
    assert {row["group"] for row in document["photo_tests"]} == {"own trigger", "trigger found"}
    assert "<html" in (where / "audit.html").read_text()
    again = unfind(*words, "--resume", "--json").json
    assert {**again, "seconds": 0} == {**document, "seconds": 0}


def test_what_is_there_is_not_overwritten(
    wrong: Any, class_photos: Path, protected_run: Path, clean_run: Path, where: Path
) -> None:
    words = ("redteam", "audit", protected_run, "--data", class_photos, "--beside", clean_run, "--out", where, *SMALL)
    assert "--resume" in wrong(*words, code=1)
    assert "settings" in wrong(*words, "--seed=5", "--resume", code=1)


def test_wrong_use_is_told(wrong: Any, class_photos: Path, protected_run: Path, tmp_path: Path) -> None:
    assert "at least 16 photos" in wrong("redteam", "audit", protected_run, "--data", class_photos, "--sample=8")
    assert "model card" in wrong("redteam", "audit", tmp_path, "--data", class_photos, code=1)
