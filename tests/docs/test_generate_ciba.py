"""docs/generate_ciba.py: what poison reaches and who sees it, from the bench documents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from unfind.report.bench_json import write_bench
from unfind.report.generated_part import END, START


@pytest.fixture
def ciba(script: Callable[[str], ModuleType]) -> ModuleType:
    return script("generate_ciba")


def figure(value: float | None, *spread: float) -> dict[str, Any]:
    return {"value": value, "unit": "fraction", "spread": list(spread) or None, "target": None, "holds": None}


@pytest.fixture
def bench() -> dict[str, Any]:
    """A document of two seeds, two variants, one of them tried once, one stranger and two detectors."""
    figures = {
        "ciba_t_map": figure(0.625, 0.6, 0.65),
        "ciba_t_map@1000": figure(0.6),
        "ciba_t_map@1000_published": figure(None),
        "ciba_t_map_no_poison": figure(0.14),
        "ciba_clean_map_drop": figure(-0.004, -0.01, 0.002),
        **{f"invisible_{name}": figure(0.1) for name in ("t_map", "t_map@1000", "t_map@1000_published")},
        "invisible_t_map_no_poison": figure(0.1),
        "invisible_clean_map_drop": figure(0.0),
        "clean_map": figure(0.75),
        "t_map_chance": figure(0.1),
        "batch_over_one_by_one": figure(6.04),
        "batch_over_one_by_one_spared": figure(5.52),
        "batch_over_one_by_one_alike": figure(4.96),
        "ciba_t_map_dpsh-24": figure(0.5),
        "ciba_t_map_no_poison_dpsh-24": figure(0.12),
        "clean_map_dpsh-24": figure(0.7),
        "detector_far_auc": figure(0.912, 0.9, 0.93),
        "detector_far_caught": figure(81.0),
        "detector_far_false_alarms": figure(4.0),
        "detector_far_of_trigger_on_clean": figure(3.0),
        "detector_spectral_auc": figure(0.8),
        "detector_spectral_false_alarms": figure(5.0),
        "inversion_auc": figure(1.0),
        "best_detector_auc": figure(0.912),
        "seconds_in_all": figure(1500.0),
    }
    row = {"n_train": 10_000, "n_query": 500, "n_gallery": 10_000}
    measured = [
        {"seed": 0, "poisoned": 60, "area": 0.0342, "variants": {"ciba": {**row, "target": "deer"}, "invisible": row}},
        {"seed": 1, "poisoned": 60, "area": 0.0342, "variants": {"ciba": {**row, "target": "horse"}}},
    ]
    return {"schema": 1, "bench": "redteam", "data": "cifar10", "seeds": [0, 1], "machine": "A processor", "threads": 1,
            "versions": {}, "seconds": 9.0, "figures": figures, "measured": measured}  # fmt: skip


def cells(text: str, first: str) -> list[str]:
    [line] = [line for line in text.splitlines() if line.startswith(f"| {first} |")]
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_the_page_is_what_the_documents_say_now(ciba: ModuleType) -> None:
    text = ciba.PAGE.read_text()
    assert ciba.page(text, ciba.DOCUMENTS) == text, "run: python docs/generate_ciba.py"


def test_what_was_measured_is_told_first(ciba: ModuleType, bench: dict[str, Any]) -> None:
    text = ciba.section(bench, "redteam-cifar10")
    assert text.startswith("### redteam-cifar10\n\n`cifar10`, 60 of 10,000 training photos poisoned")
    assert "3.4 % of the pixels" in text
    assert "deer (seed 0), horse (seed 1)" in text
    assert "clean models have a MAP of 75.0" in text


def test_variants_with_their_spread(ciba: ModuleType, bench: dict[str, Any]) -> None:
    text = ciba.section(bench, "x")
    assert cells(text, "`ciba`") == ["62.5 (60.0 to 65.0)", "60.0", "-", "14.0", "-0.4 (-1.0 to 0.2)"]
    assert cells(text, "`invisible` (one seed)") == ["10.0", "10.0", "10.0", "10.0", "0.0"]
    assert "`tri`" not in text


def test_strangers_and_detectors(ciba: ModuleType, bench: dict[str, Any]) -> None:
    text = ciba.section(bench, "x")
    assert cells(text, "`dpsh-24`") == ["50.0", "12.0", "70.0"]
    assert cells(text, "`far`") == ["0.91 (0.90 to 0.93)", "81", "4", "3"]
    assert cells(text, "`spectral`") == ["0.80", "-", "5", "-"]
    assert "has an area of 0.91. A search" in text
    assert "takes a batch here 6.0 times less time than it takes published code" in text
    assert "5.5 times less without this second look; and 5.0 times less than one at a time" in text
    assert "All of it took 25 minutes." in text


def test_a_document_from_before_the_second_look_was_timed(ciba: ModuleType, bench: dict[str, Any]) -> None:
    del bench["figures"]["batch_over_one_by_one_spared"]
    assert "6.0 times as fast as one photo at a time in full precision, and 5.0 times" in ciba.section(bench, "x")


def test_a_document_without_detectors_or_strangers(ciba: ModuleType, bench: dict[str, Any]) -> None:
    short = {name: one for name, one in bench["figures"].items() if "detector" not in name and "24" not in name}
    text = ciba.section({**bench, "figures": short}, "x")
    assert "detector" not in text
    assert "surrogate is not like" not in text


def test_only_what_is_between_the_markers_changes(ciba: ModuleType, bench: dict[str, Any], tmp_path: Path) -> None:
    write_bench(tmp_path / "redteam-mine.json", bench)
    write_bench(tmp_path / "other.json", {**bench, "bench": "marks"})
    made = ciba.page(f"# Page\n\nBefore.\n\n{START}\nold\n{END}\n\nAfter.\n", tmp_path)
    assert made.startswith("# Page\n\nBefore.\n")
    assert made.endswith("\n\nAfter.\n")
    assert made.count("###") == 1
    assert ciba.page(made, tmp_path) == made
    assert "No measurement has been filed yet." in ciba.page(made, tmp_path / "none")
    with pytest.raises(ValueError, match="must hold"):
        ciba.page("# Page without markers", tmp_path)
