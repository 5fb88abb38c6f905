"""``unfind redteam adversary``: every attack on a protected model, into one table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

SMALL = ("--sample=20", "--held=1", "--held=3", "--shares=0.5", "--steps=1", "--search-steps=2", "--adoption=0.3")


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("adversary")


@pytest.fixture(scope="module")
def words(class_photos: Path, protected_run: Path, where: Path) -> tuple[object, ...]:
    return ("redteam", "adversary", protected_run, "--data", class_photos, "--out", where, *SMALL)


def test_tables_json_and_page(unfind: Any, words: tuple[object, ...], where: Path) -> None:
    said = unfind(*words)
    assert "Making protected photos findable" in said.out
    assert "list by likeness to 3" in said.out
    assert said.out.endswith(f"{where / 'adversary.html'}\n")
    document = json.loads((where / "adversary.json").read_text())
    assert {row["kind"] for row in document["attacks"]} == {
        "none", "wash", "estimate", "forge", "invert", "unlearn", "list"
    }  # fmt: skip
    again = unfind(*words, "--resume", "--json").json
    assert {**again, "seconds": 0} == {**document, "seconds": 0}


def test_what_was_begun_is_not_begun_anew(wrong: Any, words: tuple[object, ...]) -> None:
    assert "--resume" in wrong(*words, code=1)


def test_wrong_use_is_told(wrong: Any, words: tuple[object, ...], clean_run: Path, class_photos: Path) -> None:
    assert "shares" in wrong(*words, "--shares=2")
    assert "started from one" in wrong("redteam", "adversary", clean_run, "--data", class_photos, code=1)
