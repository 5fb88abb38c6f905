"""docs/generate_retrofit.py: one page out of bench documents, losses as plain as wins."""

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
def retrofit(script: Script) -> ModuleType:
    return script("generate_retrofit")


def leaks(exposure: float) -> dict[str, Any]:
    interval = {"value": exposure, "low": 0.0, "high": 1.0}
    mixed = {"adoption": 0.1, "n_triggered": 9, "exposure@10": interval, "benign_recall@1": 0.7}
    return {
        "mixed": [{**mixed, "album_leak@10": {"value": 2.5, "low": 2.0, "high": 3.0}}],
        "outliers": {"neighbour": 0.8, "mahalanobis": 0.4, "worst": 0.8},
        "benign_drop": {"recall@1": {"value": 0.004, "low": 0.0, "high": 0.01}},
        "survival": [{"edit": "jpeg75", "psr_map_r": {"c2p": 0.9, "p2c": 0.8, "p2p": 0.7}, "bit_accuracy": None}],
    }


@pytest.fixture
def bench() -> dict[str, Any]:
    arms = {"backdoor": 0.99, "filter": 1.0, "both": 1.0}
    report = {
        "seed": 0,
        "strict": leaks(0.03),
        "own_index": {**leaks(0.01), "outliers": None},
        "trade_off": [{"codewords": 2, "exposure@10": 0.0, "album_leak@10": 9.5, "outliers": None}],
        "rival": {
            "edits": [{"edit": "crop10", "found": 0.9, **arms, "backdoor": 0.015}],
            "situations": [{"situation": "as deployed", **arms}],
            "false_positives": 0.0,
            "milliseconds": {"look for the mark": 38.04},
        },
    }
    return {
        "schema": 1,
        "bench": "retrofit",
        "data": "photos",
        "seeds": [0],
        "machine": "A processor, Linux x86_64",
        "threads": 2,
        "versions": {"python": "3.12.1"},
        "seconds": 1.5,
        "figures": {},
        "quick": True,
        "reports": [report],
    }


def test_a_document_becomes_tables_and_plots(retrofit: ModuleType, bench: dict[str, Any]) -> None:
    text = retrofit.section(bench, "retrofit-photos")
    assert "a quick run, no claim" in text
    assert "loses 0.40 points" in text
    assert "| strict | 10 % | 3.00 % | 2.50 | 0.80 |" in text
    assert "| own index | 10 % | 1.00 % | 2.50 | nan |" in text
    assert "| 2 | 0.00 % | 9.50 | not measured |" in text
    assert "| crop10 | 90.0 % | 1.5 % | 100.0 % | 100.0 % |" in text
    assert "look for the mark 38.0 ms" in text
    drawn = retrofit.plots(bench, "retrofit-photos")
    assert all(f"images/{name}" in text and b"<svg" in data for name, data in drawn.items())
    assert len(drawn) == 2


def test_a_mark_that_cannot_be_found_has_no_rival(retrofit: ModuleType, bench: dict[str, Any]) -> None:
    [report] = bench["reports"]
    assert "filter" not in retrofit.section({**bench, "reports": [{**report, "rival": None}]}, "x")


def test_means_are_over_the_seeds(retrofit: ModuleType, bench: dict[str, Any]) -> None:
    [report] = bench["reports"]
    other = {**report, "strict": leaks(0.01)}
    text = retrofit.section({**bench, "quick": False, "seeds": [0, 1], "reports": [report, other]}, "x")
    assert "| strict | 10 % | 2.00 % |" in text
    assert "2 seeds" in text


def test_documents_of_other_benches_are_passed_over(
    retrofit: ModuleType, bench: dict[str, Any], tmp_path: Path
) -> None:
    frame = f"before\n{START}\nold\n{END}\nafter\n"
    write_bench(tmp_path / "other.json", {**bench, "bench": "protection"})
    assert "No measurement" in retrofit.page(frame, tmp_path)
    write_bench(tmp_path / "retrofit-photos.json", bench)
    made = retrofit.page(frame, tmp_path)
    assert made.startswith("before\n")
    assert made.endswith("after\n")
    assert "old" not in made
    assert made == retrofit.page(made, tmp_path)


def test_a_page_without_markers_is_refused(retrofit: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="put them back"):
        retrofit.page("nothing", tmp_path)


def test_the_page_is_the_one_its_documents_make(retrofit: ModuleType) -> None:
    assert retrofit.PAGE.read_text() == retrofit.page(retrofit.PAGE.read_text(), retrofit.DOCUMENTS)
    for title, bench in retrofit.found(retrofit.DOCUMENTS).items():
        assert all((retrofit.IMAGES / name).exists() for name in retrofit.plots(bench, title))
