"""docs/audit.md says what the audit that is filed has measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from unfind.report.audit_json import read_audit


@pytest.fixture
def audit(root: Path) -> dict[str, Any]:
    return read_audit(root / "benchmarks" / "redteam" / "audit-cub_crop.json")


@pytest.fixture
def text(root: Path) -> str:
    return " ".join((root / "docs" / "audit.md").read_text().partition("## Measured")[2].partition("\n## ")[0].split())


def moved(audit: dict[str, Any], shape: str) -> list[str]:
    return [f"{row['moved']:.2f}" for row in audit["searches"] if (row["shape"], row["goal"]) == (shape, "away")]


def areas(audit: dict[str, Any], detector: str) -> list[str]:
    rows = [row for row in audit["photo_tests"] if (row["group"], row["detector"]) == ("own trigger", detector)]
    return [f"{row['auc']['value']:.2f}" for row in rows]


@pytest.mark.parametrize("shape", ["faint", "patch"])
def test_the_searches_are_told_as_measured(audit: dict[str, Any], text: str, shape: str) -> None:
    own, *clean = moved(audit, shape)
    assert f"by {own}, those of the clean models by {' and '.join(sorted(clean))}" in text


def test_the_detectors_are_told_as_measured(audit: dict[str, Any], text: str) -> None:
    smoothing, far, strip = (areas(audit, name) for name in ("smoothing", "far", "strip"))
    assert f"`smoothing` has an area of {smoothing[0]} and `far` one of {far[0]}" in text
    assert f"on the clean models {smoothing[1]} and {far[1]}" in text
    assert f"`strip` has {strip[0]}" in text


def test_the_verdict_and_the_false_alarms_are_told(audit: dict[str, Any], text: str) -> None:
    assert audit["verdict"] == "backdoor"
    row = next(
        row for row in audit["photo_tests"]
        if (row["model"], row["group"], row["detector"]) == ("audited", "own trigger", "smoothing")
    )  # fmt: skip
    assert f"{audit['n_clean'] // 2} clean photos `smoothing` called {100 * row['false_alarms']:.1f} % odd" in text
    assert f"{audit['n_trusted']} trusted photos" in text
