"""docs/report.md: every key of report.json is explained."""

from __future__ import annotations

import re
from pathlib import Path

from unfind.images.edits import EDITS
from unfind.report.report_json import METRICS, PRIVATE_TASKS, REPORT

SKELETON = {
    "clean_model": {},
    "protected_model": {},
    "psr": {},
    "twin": {},
    "mixed": [{}],
    "false_trigger": {"*": {}},
    "survival": [{}],
    "stealth": {},
    "doubts": [{}],
}
"""Empty parts, so that the schema complains of every key that it wants in them."""


def wanted() -> set[str]:
    """Every key of the schema, down to the metrics."""
    said = [*REPORT({}, ""), *REPORT(SKELETON, "")]
    return {line.removesuffix(" is missing").replace("[0]", "[]") for line in said if line.endswith(" is missing")}


def explained(root: Path) -> set[str]:
    rows = re.findall(r"^\| (`[^|]+) \|", (root / "docs" / "report.md").read_text(), re.MULTILINE)
    return {key for row in rows for key in re.findall(r"`([^`]+)`", row)}


def test_the_schema_names_its_keys() -> None:
    assert {"schema", "mixed", "mixed[].adoption", "psr.c2p", "doubts[].flag", "stealth.lpips"} <= wanted()


def test_every_key_of_the_schema_is_explained(root: Path) -> None:
    known = explained(root)
    parts = {key for key in wanted() if any(other.startswith((f"{key}.", f"{key}[")) for other in known)}
    assert wanted() - parts <= known


def test_every_metric_and_task_is_explained(root: Path) -> None:
    assert set(METRICS) <= explained(root)
    assert {f"psr.{task}" for task in PRIVATE_TASKS} <= explained(root)


def test_the_number_of_edits_that_pages_speak_of_is_right(root: Path) -> None:
    assert len(EDITS) == 13
    for page in ("docs/limits.md", "README.md", "CHANGELOG.md"):
        assert "thirteen" in (root / page).read_text()
