from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from unfind.errors import DataError, UsageError
from unfind.report.report_json import METRICS, REPORT, read_report, write_report


def put(document: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    """A copy of the document with another value at a place such as `mixed/0/adoption`."""
    changed = copy.deepcopy(document)
    *way, last = [int(step) if step.isdigit() else step for step in place.split("/")]
    inner: Any = changed
    for step in way:
        inner = inner[step]
    inner[last] = value
    return changed


def test_report_comes_back_and_is_stable(tmp_path: Path, document: dict[str, Any]) -> None:
    write_report(tmp_path / "report.json", document)
    assert read_report(tmp_path / "report.json") == document
    backwards = dict(reversed(document.items()))
    write_report(tmp_path / "again.json", backwards)
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "report.json").read_bytes()


def test_plain_numbers_and_nulls_do_instead_of_intervals(document: dict[str, Any]) -> None:
    for value in (0.5, 0, 1, None, {"value": 0.5, "low": 0.4, "high": 0.6}):
        assert not list(REPORT(put(document, "protected_model/c2p/nmi", value), ""))


def test_further_keys_are_welcome(document: dict[str, Any]) -> None:
    assert not list(REPORT(document | {"owner_leak": {"x": [1, 2]}}, ""))


def test_empty_lists_are_welcome(document: dict[str, Any]) -> None:
    assert not list(REPORT(document | {"mixed": [], "survival": [], "doubts": [], "false_trigger": {}}, ""))


def test_every_fixed_key_is_needed(document: dict[str, Any]) -> None:
    for key in document:
        without = {name: value for name, value in document.items() if name != key}
        assert list(REPORT(without, "")) == [f"{key} is missing"]


@pytest.mark.parametrize("block", ["clean_model/c2c", "protected_model/p2p", "psr/p2c", "benign_drop"])
@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_is_needed(document: dict[str, Any], block: str, metric: str) -> None:
    inner: Any = document
    for step in block.split("/"):
        inner = inner[step]
    del inner[metric]
    assert list(REPORT(document, "")) == [f"{block.replace('/', '.')}.{metric} is missing"]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("schema", 2),
        ("schema", True),
        ("protocol", "loose"),
        ("run", ""),
        ("seed", -1),
        ("seed", 0.5),
        ("n_query", 0),
        ("clean_model/c2c/map", 1.01),
        ("clean_model/c2c/map", -0.01),
        ("clean_model/c2c/map", float("nan")),
        ("clean_model/c2c/map", "0.5"),
        ("clean_model/c2c/map", {"value": 0.5, "low": 0.6, "high": 0.4}),
        ("clean_model/c2c/map", {"value": 0.5, "low": 0.1}),
        ("benign_drop/f1", 1.5),
        ("psr/c2p/map", 1.2),
        ("twin/c2p_hit@10", 10),
        ("mixed/0/adoption", 10),
        ("mixed/0/album_leak@10", -1),
        ("mixed", {}),
        ("false_trigger/webp", 0.1),
        ("survival/0/edit", None),
        ("survival/0/psr_map_r", {"c2p": 0.1}),
        ("survival/0/bit_accuracy", 2),
        ("stealth/ssim", 1.1),
        ("stealth/psnr", float("inf")),
        ("doubts/0", {"flag": "x"}),
    ],
)
def test_wrong_values_are_refused_by_place(tmp_path: Path, document: dict[str, Any], place: str, value: Any) -> None:
    with pytest.raises(UsageError) as caught:
        write_report(tmp_path / "report.json", put(document, place, value))
    assert place.split("/")[0] in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["psr/c2p/map", "mixed/0/exposure@10", "stealth/lpips", "survival/0/bit_accuracy"])
def test_what_was_not_measured_is_null(document: dict[str, Any], place: str) -> None:
    assert not list(REPORT(put(document, place, None), ""))


def test_private_search_may_be_better_than_clean(document: dict[str, Any]) -> None:
    assert not list(REPORT(put(document, "psr/c2p/map", -3.0), ""))


def test_another_document_is_no_report(tmp_path: Path) -> None:
    (tmp_path / "bench.json").write_text('{"schema": 1, "bench": "marks"}')
    with pytest.raises(DataError, match="must hold a report, but run is missing"):
        read_report(tmp_path / "bench.json")
