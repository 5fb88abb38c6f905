"""Figures of a claim, and the document around them."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.report.bench_json import read_bench, write_bench
from unfind.studies.bench_document import Figure, bench_document, machine

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=6)


@settings(deadline=None, max_examples=50)
@given(VALUES)
def test_value_is_the_mean_and_spread_the_extremes(values: list[float]) -> None:
    found = Figure(values, "points").as_dict()
    assert found["value"] == pytest.approx(sum(values) / len(values), rel=1e-9, abs=1e-6)
    if len(values) == 1:
        assert found["spread"] is None
    else:
        assert found["spread"] == [min(values), max(values)]
    assert found["target"] is None
    assert found["holds"] is None
    assert found["unit"] == "points"


@pytest.mark.parametrize(
    ("values", "bound", "target", "holds"),
    [
        ([1.0, 2.5], {"at_most": 2.0}, "<= 2", True),
        ([2.0], {"at_most": 2.0}, "<= 2", True),
        ([2.0, 2.1], {"at_most": 2.0}, "<= 2", False),
        ([97.0], {"at_least": 97}, ">= 97", True),
        ([96.0, 97.9], {"at_least": 97}, ">= 97", False),
    ],
)
def test_a_target_is_met_by_the_mean(values: list[float], bound: dict[str, float], target: str, holds: bool) -> None:
    found = Figure(values, "points", **bound).as_dict()
    assert (found["target"], found["holds"]) == (target, holds)


def test_what_was_not_measured_meets_no_target() -> None:
    assert Figure([], "points", at_most=1.0).as_dict()["holds"] is False
    assert Figure([], "points", at_least=1.0).as_dict()["holds"] is False
    nothing = Figure([], "points").as_dict()
    assert (nothing["value"], nothing["spread"], nothing["holds"]) == (None, None, None)


def test_numpy_numbers_become_plain_ones() -> None:
    found = Figure(np.array([1.0, 2.0], np.float32), "dB").as_dict()
    assert json.loads(json.dumps(found))["spread"] == [1.0, 2.0]


def test_the_document_says_where_and_with_what(tmp_path: Path) -> None:
    figures = {"drop": Figure([0.5, 1.5], "points", at_most=2.0), "gone": Figure([], "points")}
    document = bench_document("protection", "photos", range(2), 3.5, figures, quick=True)
    assert document["seeds"] == [0, 1]
    assert document["threads"] == torch.get_num_threads()
    assert document["versions"]["numpy"] == version("numpy")
    assert "python" in document["versions"]
    assert document["quick"] is True
    write_bench(tmp_path / "bench.json", document)
    assert read_bench(tmp_path / "bench.json")["figures"]["drop"]["value"] == 1.0


def test_the_machine_is_named() -> None:
    assert machine().strip(", ")
    assert "\n" not in machine()
