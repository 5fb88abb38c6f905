"""docs/generate_results.py: from bench documents to tables, losses as plain as wins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from unfind.errors import DataError
from unfind.report.bench_json import write_bench
from unfind.report.generated_part import END, START

Script = Callable[[str], ModuleType]


@pytest.fixture
def results(script: Script) -> ModuleType:
    return script("generate_results")


@pytest.fixture
def bench() -> dict[str, Any]:
    """A document with a win, a loss, and a figure without target."""
    return {
        "schema": 1,
        "bench": "protection",
        "data": "photos",
        "seeds": [0, 1, 2],
        "machine": "A processor, Linux x86_64",
        "threads": 2,
        "versions": {"python": "3.12.1", "torch": "2.9.0"},
        "seconds": 1234.5,
        "figures": {
            "drop": {"value": 1.23456, "unit": "points", "spread": [1.0, 1.5], "target": "<= 2", "holds": True},
            "psr": {"value": 91.5, "unit": "per cent", "spread": [90.0, 93.0], "target": ">= 97", "holds": False},
            "ssim": {"value": 0.95, "unit": "written files", "spread": None, "target": None, "holds": None},
            "leak": {"value": None, "unit": "a|b", "spread": None, "target": 1.0, "holds": None},
        },
    }


def row(text: str, figure: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if line.startswith(f"| `{figure}` |")]
    return [cell.strip() for cell in line.replace(r"\|", "/").strip("|").split("|")]


def around(results: ModuleType, inside: str = "") -> str:
    return f"# Results\n\nBefore.\n\n{START}\n{inside}\n{END}\n\nAfter.\n"


def test_the_page_is_what_the_documents_say_now(results: ModuleType) -> None:
    text = results.PAGE.read_text()
    assert results.page(text, results.DOCUMENTS) == text, "run: python docs/generate_results.py"


def test_without_documents_it_says_so(results: ModuleType, tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        assert "No measurement has been filed yet." in results.page(around(results), folder)


def test_every_figure_is_shown_with_spread_target_and_verdict(results: ModuleType, bench: dict[str, Any]) -> None:
    text = results.section(bench, "protection")
    assert row(text, "drop") == ["`drop`", "1.235", "1 to 1.5", "points", "`<= 2`", "yes"]
    assert row(text, "psr") == ["`psr`", "91.5", "90 to 93", "per cent", "`>= 97`", "**no**"]
    assert row(text, "ssim") == ["`ssim`", "0.95", "", "written files", "", ""]
    assert row(text, "leak") == ["`leak`", "not measured", "", "a/b", "`1.0`", ""]


def test_a_missed_target_is_named_before_the_table(results: ModuleType, bench: dict[str, Any]) -> None:
    text = results.section(bench, "protection")
    sentence = "1 of 2 targets hold. Missed: `psr` (91.5 per cent, target `>= 97`)."
    assert text.index(sentence) < text.index("| figure |")
    bench["figures"]["psr"]["holds"] = True
    assert "2 of 2 targets hold.\n" in results.section(bench, "protection")
    bench["figures"] = {"ssim": bench["figures"]["ssim"]}
    assert "No figure has a target." in results.section(bench, "protection")


def test_it_says_where_the_figures_come_from(results: ModuleType, bench: dict[str, Any]) -> None:
    text = results.section(bench, "protection")
    for fact in (
        "- data: `photos`",
        "- seeds: 0, 1, 2",
        "- machine: A processor, Linux x86_64, 2 threads",
        "- versions: python 3.12.1, torch 2.9.0",
        "- seconds: 1234",
    ):
        assert fact in text


def test_small_runs_are_no_claim(results: ModuleType, bench: dict[str, Any]) -> None:
    assert "no claim" not in results.section(bench, "protection")
    assert "Fewer than 3 seeds: this is no claim." in results.section({**bench, "seeds": [0, 1]}, "protection")
    assert "It is no claim." in results.section({**bench, "quick": True}, "protection")
    for name in ("service", "service-faults", "api"):
        one = {**bench, "bench": name, "seeds": [0]}
        assert "One run: what repeats is counted inside it." in results.section(one, name)


def test_methods_of_mip_stand_under_both_protocols_beside_the_paper(results: ModuleType, bench: dict[str, Any]) -> None:
    facts = {"method": "pbl", "task": "c2p", "measure": "psr"}
    rows = [
        {**facts, "seed": seed, "protocol": "strict", "metric": "map_r", "value": value, "low": 0.9, "high": 0.99}
        for seed, value in enumerate((0.96, 0.98))
    ]
    rows.append({**facts, "seed": 0, "protocol": "paper", "metric": "map_c", "value": 0.95, "low": 0.9, "high": 0.97})
    rows.append({**rows[0], "defence": "mean", "value": 0.1})  # under a filter: another matter
    text = results.section({**bench, "bench": "mip", "rows": rows}, "mip")
    assert "| pbl | c2p | 97.00 | 90.00 to 99.00 | 95.00 | 98.46 |" in text
    assert "| cbl | p2p | - |  | - | 83.35 |" in text
    assert "paper protocol" not in results.section({**bench, "rows": rows}, "protection")


def test_only_what_is_between_the_markers_changes(results: ModuleType, bench: dict[str, Any], tmp_path: Path) -> None:
    for name in ("second", "first"):
        write_bench(tmp_path / f"{name}.json", bench)
    made = results.page(around(results, "an old table"), tmp_path)
    assert made.startswith("# Results\n\nBefore.\n")
    assert made.endswith("\n\nAfter.\n")
    assert "an old table" not in made
    assert made.index("## first") < made.index("## second")
    assert results.page(made, tmp_path) == made


def test_a_page_without_markers_is_refused(results: ModuleType, tmp_path: Path) -> None:
    for text in ("# Results\n", f"{START}\n", f"{END}\n{START}\n"):
        with pytest.raises(ValueError, match="must hold"):
            results.page(text, tmp_path)


def test_a_file_that_is_no_bench_document_is_refused(results: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "wrong.json").write_text("{}")
    with pytest.raises(DataError, match=r"wrong\.json"):
        results.page(around(results), tmp_path)
