"""docs/generate_survival.py: what marks survive, from the bench documents."""

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
def survival(script: Script) -> ModuleType:
    return script("generate_survival")


def row(verified: float, bits: float | None, **more: Any) -> dict[str, Any]:
    both = {"untouched": 1.0, "jpeg75": verified}
    return {
        "photos": 20, "refused": 0, "psnr": 40.25, "ssim": 0.9876, "mark_ms": 12.4, "read_ms": 8.0,
        "bit_accuracy": {} if bits is None else {"untouched": 1.0, "jpeg75": bits}, "verify_rate": both, **more,
    }  # fmt: skip


@pytest.fixture
def bench() -> dict[str, Any]:
    """Two keys of ours, the plane waves, one peer that was measured and one that is not there."""
    engine = {"photos": 500, "pixels_within_a_level": 0.99999, "furthest_levels": 1, "verdicts": 1000}
    figures = {"unmarked_pictures": 20_000, "false_alarms": 0, "false_hints_of_another_key": 0.0123}
    return {
        "schema": 1,
        "bench": "marks",
        "data": "birds",
        "seeds": [0, 1],
        "machine": "A processor",
        "threads": 1,
        "versions": {},
        "seconds": 9.0,
        "figures": {
            name: {"value": value, "unit": "pictures", "spread": None, "target": None, "holds": None}
            for name, value in figures.items()
        },
        "settings": {"mark": "ab" * 8, "strength": 0.3437},
        "survival": {
            "ours": [row(0.9, 0.97), row(1.0, 0.99)],
            "spread": [row(0.8, None)],
            "rivagan": [row(0.25, 0.9, refused=3)],
        },
        "absent": {"blind_watermark": "not installed (no module)"},
        "engines": {name: {**engine, "verdicts_that_differ": 0} for name in ("onnx", "onnx_int8")},
        "costs": {"encoder_ms": 7.25},
        "large": {"12": {"seconds": 0.75, "megabytes": 301.4}},
    }


def cells(text: str, first: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith(f"| {first} |")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_method_has_its_column_and_every_edit_its_row(survival: ModuleType, bench: dict[str, Any]) -> None:
    text = survival.section(bench, "marks-birds")
    assert cells(text, "after") == [
        ["after", "learned", "spread-spectrum", "RivaGAN"],
        ["after", "learned", "RivaGAN"],
    ]
    assert cells(text, "JPEG 75") == [["JPEG 75", "95.0 %", "80.0 %", "25.0 %"], ["JPEG 75", "98.0 %", "90.0 %"]]
    assert cells(text, "blur") == []


def test_faintness_times_and_who_is_missing(survival: ModuleType, bench: dict[str, Any]) -> None:
    text = survival.section(bench, "marks-birds")
    assert cells(text, "learned") == [["learned", "40", "40.2", "0.9876", "12", "8"]]
    assert cells(text, "RivaGAN") == [["RivaGAN", "20 (3 too small)", "40.2", "0.9876", "12", "8"]]
    assert cells(text, "blind-watermark")[0][1] == "not installed (no module)"


def test_alarms_engines_and_costs(survival: ModuleType, bench: dict[str, Any]) -> None:
    text = survival.section(bench, "marks-birds")
    assert "Of 20,000 unmarked pictures 0 were read as marked. In 1.2 % of them" in text
    assert cells(text, "onnxruntime") == [["onnxruntime", "500", "99.999 %", "1", "0 of 1000"]]
    assert cells(text, "encoder ms") == [["encoder ms", "7.25"]]
    assert cells(text, "12 megapixels, memory at the peak, MB") == [["12 megapixels, memory at the peak, MB", "301"]]
    assert "strength of 0.344" in " ".join(text.split())


def left(edit: str, psr: float | None, bits: float | None) -> dict[str, Any]:
    return {
        "edit": edit, "psr_map_r": {"c2p": psr, "p2c": 0.5, "p2p": None}, "verify_rate": 1.0, "bit_accuracy": bits,
    }  # fmt: skip


@pytest.fixture
def reports(bench: dict[str, Any]) -> dict[str, Any]:
    """Two seeds of a bench that fits models; the second one's report names its trigger."""
    first = {"survival": [left("jpeg75", 0.9, None), left("jpeg75+resize0.75", 0.5, None)], "stealth": {"psnr": 31.0}}
    second = {
        "survival": [left("jpeg75", 0.8, 0.99)], "stealth": {"psnr": 33.0}, "trigger": {"name": "learned"},
    }  # fmt: skip
    return {**bench, "bench": "protection", "reports": [first, second, {"survival": []}]}


def test_what_is_left_of_the_protection(survival: ModuleType, reports: dict[str, Any]) -> None:
    text = survival.protection(reports, "protection-birds")
    assert cells(text, "JPEG 75") == [["JPEG 75", "85.0 %", "50.0 %", "–", "100.0 %", "99.0 %"]]
    assert cells(text, "JPEG 75, then 3/4 of the size")[0][1:3] == ["50.0 %", "50.0 %"]
    assert cells(text, "blur") == []
    assert "with the mark learned, `protection` on `birds`, seeds 0, 1, at 32.0 dB" in " ".join(text.split())


def test_documents_of_other_benches_are_told_where_they_say_what_edits_leave(
    survival: ModuleType, reports: dict[str, Any], tmp_path: Path
) -> None:
    around = f"{START}\n{END}\n"
    write_bench(tmp_path / "protection-birds.json", reports)
    for name, other in (("a", []), ("b", 3), ("c", [1, {}])):
        write_bench(tmp_path / f"{name}.json", {**reports, "reports": other})
    text = survival.page(around, tmp_path)
    assert text.count("## ") == 1
    assert "## protection-birds" in text


def test_a_quick_form_says_so(survival: ModuleType, bench: dict[str, Any]) -> None:
    assert "no claim" not in survival.section(bench, "a")
    assert "is no claim" in survival.section({**bench, "quick": True}, "a")


def test_the_page_is_made_from_every_document_of_this_bench(
    survival: ModuleType, bench: dict[str, Any], tmp_path: Path
) -> None:
    around = f"# Page\n\nBefore.\n\n{START}\nold\n{END}\n\nAfter.\n"
    assert "No measurement has been filed yet." in survival.page(around, tmp_path)
    write_bench(tmp_path / "marks-birds.json", bench)
    write_bench(tmp_path / "other.json", {**bench, "bench": "other"})
    text = survival.page(around, tmp_path)
    assert text.count("## ") == 1
    assert "## marks-birds" in text
    assert text.startswith("# Page\n\nBefore.")
    assert text.endswith("After.\n")
    assert "old" not in text.split()
    with pytest.raises(ValueError, match="put them back"):
        survival.page("no markers", tmp_path)


def test_the_page_is_what_the_documents_say_now(survival: ModuleType) -> None:
    text = survival.PAGE.read_text()
    assert text == survival.page(text, survival.DOCUMENTS), "run python docs/generate_survival.py"
