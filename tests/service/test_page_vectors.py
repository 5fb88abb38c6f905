"""The numbers that the page's mathematics is tested with are those that Python gives."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

MAKER = Path(__file__).resolve().parents[2] / "web" / "tests" / "make_vectors.py"


def test_the_vectors_are_what_python_gives() -> None:
    made = runpy.run_path(str(MAKER))
    kept = json.loads(MAKER.with_name("vectors.json").read_text())
    assert_same(json.loads(made["written"]()), kept)


def assert_same(one: Any, other: Any) -> None:
    """Numbers may differ in their last digits from machine to machine."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for name in one:
            assert_same(one[name], other[name])
    elif isinstance(one, list):
        assert len(one) == len(other)
        if one and isinstance(one[0], dict | list):
            for first, second in zip(one, other, strict=True):
                assert_same(first, second)
        else:
            assert one == pytest.approx(other, rel=1e-4, abs=2e-5)
    else:
        assert one == (pytest.approx(other, rel=1e-4, abs=1e-30) if isinstance(one, float) else other)
