from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from unfind.errors import DataError, UsageError
from unfind.report.bench_json import BENCH, filed_benches, read_bench, write_bench

DOCUMENT: dict[str, Any] = {
    "schema": 1,
    "bench": "protection",
    "data": "cub200",
    "seeds": [0, 1, 2],
    "machine": "2 cores",
    "threads": 2,
    "versions": {"torch": "2.9.0"},
    "seconds": 512.3,
    "figures": {
        "psr_c2p": {"value": 0.97, "unit": "fraction", "spread": [0.95, 0.98], "target": 0.9, "holds": True},
        "speed": {"value": 41, "unit": "photos/s", "spread": None, "target": None, "holds": None},
        "drop": {"value": 0.02, "unit": "fraction", "spread": [0, 0.1], "target": "<= 0.01", "holds": False},
    },
}


def test_bench_comes_back(tmp_path: Path) -> None:
    write_bench(tmp_path / "b.json", DOCUMENT)
    assert read_bench(tmp_path / "b.json") == DOCUMENT


@pytest.mark.parametrize("key", list(DOCUMENT))
def test_every_key_is_needed(key: str) -> None:
    assert list(BENCH({k: v for k, v in DOCUMENT.items() if k != key}, "")) == [f"{key} is missing"]


@pytest.mark.parametrize("key", list(DOCUMENT["figures"]["drop"]))
def test_every_key_of_a_figure_is_needed(key: str) -> None:
    document = copy.deepcopy(DOCUMENT)
    del document["figures"]["drop"][key]
    assert list(BENCH(document, "")) == [f"figures.drop.{key} is missing"]


@pytest.mark.parametrize(
    ("key", "value"),
    [("schema", 0), ("seeds", 3), ("seeds", [0.5]), ("threads", 0), ("versions", {"torch": 2}), ("seconds", -1)],
)
def test_wrong_values_are_refused(tmp_path: Path, key: str, value: Any) -> None:
    with pytest.raises(UsageError, match=f"a bench document must follow its schema, but {key}"):
        write_bench(tmp_path / "b.json", DOCUMENT | {key: value})


@pytest.mark.parametrize(
    ("key", "value"),
    [("value", "x"), ("value", float("nan")), ("unit", ""), ("spread", [1, 0]), ("target", []), ("holds", 1)],
)
def test_wrong_figures_are_refused(key: str, value: Any) -> None:
    document = copy.deepcopy(DOCUMENT)
    document["figures"]["drop"][key] = value
    [wrong] = BENCH(document, "")
    assert wrong.startswith(f"figures.drop.{key} must be")


def test_another_document_is_no_bench(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text('{"schema": 1, "run": "x"}')
    with pytest.raises(DataError, match="must hold a bench document, but bench is missing"):
        read_bench(tmp_path / "r.json")


def test_filed_benches_are_named_after_their_files(tmp_path: Path) -> None:
    for name, bench in (("b-cub", "protection"), ("a-cub", "mip")):
        write_bench(tmp_path / f"{name}.json", {**DOCUMENT, "bench": bench})
    (tmp_path / "notes.txt").write_text("no document")
    assert list(filed_benches(tmp_path)) == ["a-cub", "b-cub"]
    assert filed_benches(tmp_path, "protection") == {"b-cub": DOCUMENT}
    assert filed_benches(tmp_path, "marks") == {}


def test_a_filed_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(DataError):
        filed_benches(tmp_path)
