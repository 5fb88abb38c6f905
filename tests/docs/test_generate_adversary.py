"""docs/generate_adversary.py: the tables of what an adversary gets, from its documents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from unfind.report.adversary_json import write_adversary
from unfind.report.generated_part import END, START


@pytest.fixture
def maker(script: Callable[[str], ModuleType]) -> ModuleType:
    return script("generate_adversary")


@pytest.fixture
def document() -> dict[str, Any]:
    found = {"value": 0.5, "low": 0.4, "high": 0.6}
    empty = {"held": 0, "share": 0.0, "psnr": None, "likeness": None, "found_c2p": None, "found_p2c": None,
             "benign_drop": None, "listing": None, "seconds": 2.0}  # fmt: skip
    revealed = {**empty, "found_c2p": found, "found_p2c": found, "benign_drop": {"recall@1": 0.01, "map_r": 0.02}}
    listing = {"auc": {"value": 0.8, "low": 0.7, "high": 0.9}, "precision": 0.4, "share": 0.1}
    return {
        "schema": 1, "run": "protected", "fingerprint": "ff", "data": "birds", "trigger": "spread-spectrum", "seed": 3,
        "n_photos": 120, "n_train": 400, "adoption": 0.1, "clean_map_r": 0.3, "clean_recall@1": 0.731, "seconds": 5.0,
        "attacks": [
            {"attack": "none", "kind": "none", **revealed},
            {"attack": "wash: jpeg 40", "kind": "wash", **revealed},
            {"attack": "list by likeness to 1", "kind": "list", **empty, "held": 1, "listing": listing},
        ],
    }  # fmt: skip


def around(maker: ModuleType) -> str:
    return f"# Page\n\nBefore.\n\n{START}\nold\n{END}\n\nAfter.\n"


def test_the_page_is_what_the_documents_say_now(maker: ModuleType) -> None:
    text = maker.PAGE.read_text()
    assert maker.page(text, maker.DOCUMENTS) == text, "run: python docs/generate_adversary.py"


def test_a_document_becomes_its_tables(maker: ModuleType, document: dict[str, Any]) -> None:
    text = maker.section(document, "adversary-birds")
    assert text.startswith(
        "### adversary-birds\n\n`protected`, a model of `birds`: 120 photos attacked, seed 3, spread-spectrum mark."
    )
    assert "73.1 % (Recall@1)" in text
    assert "| wash: jpeg 40 | – | 2.0 | 50.0 % (40.0–60.0) | 50.0 % (40.0–60.0) | 1.0 | – |" in text
    assert "| list by likeness to 1 | 1 protected | 2.0 | 0.80 | 0.70–0.90 | 40.0 % | 10.0 % |" in text


def test_only_what_is_between_the_markers_changes(maker: ModuleType, document: dict[str, Any], tmp_path: Path) -> None:
    write_adversary(tmp_path / "adversary-mine.json", document)
    (tmp_path / "audit-mine.json").write_text("{}")
    made = maker.page(around(maker), tmp_path)
    assert made.startswith("# Page\n\nBefore.\n")
    assert made.endswith("\n\nAfter.\n")
    assert "### adversary-mine" in made
    assert "old" not in made
    assert maker.page(made, tmp_path) == made


def test_without_documents_it_says_so(maker: ModuleType, tmp_path: Path) -> None:
    assert "No measurement has been filed yet." in maker.page(around(maker), tmp_path)


def test_a_page_without_markers_is_refused(maker: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must hold"):
        maker.page("# Page\n", tmp_path)
