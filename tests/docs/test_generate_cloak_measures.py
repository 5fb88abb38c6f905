"""docs/generate_cloak_measures.py: what compression and other models leave, from the bench documents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from unfind.report.bench_json import write_bench
from unfind.report.generated_part import END, START

Script = Callable[[str], ModuleType]


@pytest.fixture
def measures(script: Script) -> ModuleType:
    return script("generate_cloak_measures")


@pytest.fixture
def bench(measures: ModuleType) -> dict[str, Any]:
    """A document with two modes, and two ways that cloaks were made, seen by two models."""
    kept = {edit: 0.5 + place / 100 for place, edit in enumerate(measures.EDITS)}
    survival = [
        {"mode": mode, "psnr": psnr, "distance": 0.25, "score": 0.9, "count": 20, **kept}
        for mode, psnr in (("usual", 40.04), ("robust", 35.25), ("strong", 33.0))
    ]
    after = {edit: 0.1 + place / 100 for place, edit in enumerate(measures.EDITS)}
    away = [{"mode": "usual", "psnr": 40.12, "score": 0.055, "score_after": after}]
    compared = [
        {"method": "noise", "t_map": 0.1, "psnr": 35.0, "budget": 0.032, "count": 12},
        {"method": "hag", "map": 0.06, "psnr": 32.25, "budget": 0.032, "count": 12},
    ]
    transfer = [
        {"made_on": made, "seen_by": seen, "known": seen == "home" or made == "two", "clean_map": 0.8, "map": left}
        for made, seen, left in (
            ("one", "home", 0.05), ("one", "other", 0.3), ("two", "home", 0.06), ("two", "other", 0.07),
        )
    ]  # fmt: skip
    measured = {
        "seed": 0, "n_gallery": 20_000, "clean_map": 0.79, "survival": survival[:2], "survival_strong": survival[2:],
        "survival_away": away, "compared": compared, "transfer": transfer,
    }  # fmt: skip
    return {
        "schema": 1,
        "bench": "cloaks",
        "data": "cifar10",
        "seeds": [0],
        "machine": "A processor",
        "threads": 2,
        "versions": {},
        "seconds": 9.0,
        "figures": {},
        "measured": [measured],
    }


def rows(text: str, first: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith(f"| {first} |")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def around(measures: ModuleType) -> str:
    return f"# Page\n\nBefore.\n\n{START}\nan old table\n{END}\n\nAfter.\n"


def test_the_page_is_what_the_documents_say_now(measures: ModuleType) -> None:
    text = measures.PAGE.read_text()
    assert measures.page(text, measures.DOCUMENTS) == text, "run: python docs/generate_cloak_measures.py"


def test_what_edits_leave(measures: ModuleType, bench: dict[str, Any]) -> None:
    text = measures.section(bench, "cloaks-cifar10")
    found, away = rows(text, "usual")
    assert found == ["usual", "40.0", "0.25", "50.0 %", "51.0 %", "52.0 %", "53.0 %", "54.0 %", "55.0 %"]
    assert away == ["usual", "40.1", "5.5 %", "10.0 %", "11.0 %", "12.0 %", "13.0 %", "14.0 %", "15.0 %"]
    assert [rows(text, mode)[0][1] for mode in ("robust", "strong")] == ["35.2", "33.0"]


def test_methods_side_by_side(measures: ModuleType, bench: dict[str, Any]) -> None:
    text = measures.section(bench, "cloaks-cifar10")
    assert "at 8 of 255 levels, 12 photos:" in text
    assert rows(text, "noise") == [["noise", "10.0 %", "", "35.0"]]
    assert rows(text, "hag") == [["hag", "", "6.0 %", "32.2"]]


def test_what_other_models_find(measures: ModuleType, bench: dict[str, Any]) -> None:
    text = measures.section(bench, "cloaks-cifar10")
    assert rows(text, "nothing") == [["nothing", "80.0 %", "80.0 %"]]
    assert rows(text, "one") == [["one", "**5.0 %**", "30.0 %"]]
    assert rows(text, "two") == [["two", "**6.0 %**", "**7.0 %**"]]


def test_it_says_what_was_measured_on(measures: ModuleType, bench: dict[str, Any]) -> None:
    text = measures.section(bench, "cloaks-cifar10")
    assert text.startswith("### cloaks-cifar10\n\n`cifar10`, 20,000 photos searched in, 20 cloaked, seed 0.")
    assert "MAP of 79.0 %" in text


def test_only_what_is_between_the_markers_changes(measures: ModuleType, bench: dict[str, Any], tmp_path: Path) -> None:
    write_bench(tmp_path / "mine.json", bench)
    write_bench(tmp_path / "other.json", {**bench, "bench": "hashing"})
    made = measures.page(around(measures), tmp_path)
    assert made.startswith("# Page\n\nBefore.\n")
    assert made.endswith("\n\nAfter.\n")
    assert "### mine" in made
    assert "### other" not in made
    assert "an old table" not in made
    assert measures.page(made, tmp_path) == made


def test_without_documents_it_says_so(measures: ModuleType, tmp_path: Path) -> None:
    assert "No measurement has been filed yet." in measures.page(around(measures), tmp_path)


def test_a_page_without_markers_is_refused(measures: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must hold"):
        measures.page("# Page\n", tmp_path)
