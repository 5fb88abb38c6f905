"""docs/generate_hidden_numbers.py: findings from documents, and the command that measures them again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from unfind.errors import DataError
from unfind.report.generated_part import END, START
from unfind.studies.mip_findings import Finding

Script = Callable[[str], ModuleType]


@pytest.fixture
def hidden(script: Script, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, with one finding whatever the rows are."""
    module = script("generate_hidden_numbers")
    one = Finding(
        "codec", "A title", ("One sentence.", "Another."), ["model", "PSR"], [["clean", "-"], ["pbl", "9.50"]]
    )
    monkeypatch.setattr(module, "findings", lambda rows: [one] if rows else [])
    return module


@pytest.fixture
def document() -> dict[str, Any]:
    architecture = {"backbone": "tiny", "size": 32, "dimension": 16}
    settings = {
        "architecture": architecture, "train_classes": 85, "first_steps": None, "steps": 40, "preset": "recommended"
    }  # fmt: skip
    return {
        "schema": 1, "paper": "mip", "artefact": "doubts", "title": "t", "data": "birds.zip", "seeds": [0],
        "machine": "A processor", "threads": 2, "versions": {}, "seconds": 1.0, "settings": settings,
        "rows": [{"seed": 0, "doubt": "codec"}],
    }  # fmt: skip


def around(hidden: ModuleType) -> str:
    return f"# Page\n\nBefore.\n\n{START}\nan old finding\n{END}\n\nAfter.\n"


def test_the_page_is_what_the_documents_say_now(script: Script) -> None:
    module = script("generate_hidden_numbers")
    text = module.PAGE.read_text()
    assert module.page(text, module.DOCUMENTS) == text, "run: python docs/generate_hidden_numbers.py"


def test_sentences_table_and_origin(hidden: ModuleType, document: dict[str, Any]) -> None:
    text = hidden.section(document)
    assert text.startswith("## On birds.zip\n\n`birds.zip`, seed 0; A processor, 2 threads. Fewer than 3 seeds")
    assert "### A title\n\nOne sentence.\n\nAnother.\n\n| model | PSR |\n| --- | ---: |\n| clean | - |" in text
    assert "no claim" not in hidden.section({**document, "seeds": [0, 1, 2]})


def test_the_command_is_one_that_exists(
    hidden: ModuleType, document: dict[str, Any], parse_command: Callable[[list[str]], Any]
) -> None:
    words = hidden.command(document).split()
    _, given = parse_command(words[1:])
    assert given["doubts"] is True
    assert given["data"] == "birds.zip"
    assert given["train_classes"] == 85
    assert "--first-steps" not in words
    paper = {**document, "settings": {**document["settings"], "preset": "paper"}}
    assert hidden.command(paper).endswith("--preset paper")


def test_only_what_is_between_the_markers_changes(hidden: ModuleType, document: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text(json.dumps(document))
    (tmp_path / "table.json").write_text(json.dumps({**document, "artefact": "table-4", "data": "elsewhere"}))
    made = hidden.page(around(hidden), tmp_path)
    assert made.startswith("# Page\n\nBefore.\n")
    assert made.endswith("\n\nAfter.\n")
    assert "## On birds.zip" in made
    assert "elsewhere" not in made
    assert "an old finding" not in made
    assert hidden.page(made, tmp_path) == made


def test_without_documents_it_says_so(hidden: ModuleType, tmp_path: Path) -> None:
    assert "No measurement has been filed yet." in hidden.page(around(hidden), tmp_path)


def test_what_is_no_document_or_no_page_is_refused(hidden: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must hold"):
        hidden.page("# Page\n", tmp_path)
    (tmp_path / "wrong.json").write_text("{}")
    with pytest.raises(DataError, match=r"wrong\.json"):
        hidden.page(around(hidden), tmp_path)
