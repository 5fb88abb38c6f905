"""report.audit_page: the page says what was found, how sure it is, and what speaks against it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from unfind.report.audit_page import audit_page
from unfind.report.page import render


@pytest.fixture
def text_of(read_page: Callable[[str], Any]) -> Callable[..., str]:
    return lambda document, pictures=(): read_page(render(audit_page(document, pictures))).text


def test_the_verdict_is_the_title(audit_document: dict[str, Any]) -> None:
    assert audit_page(audit_document).title == "This model behaves like one with a backdoor."
    assert "suspicious" in audit_page({**audit_document, "verdict": "suspicious"}).title
    assert "Nothing" in audit_page({**audit_document, "verdict": "nothing found"}).title


def test_alarms_and_their_reasons_stand_first(audit_document: dict[str, Any], text_of: Callable[..., str]) -> None:
    text = text_of(audit_document)
    assert "1 of 2" in text
    assert "Faint pattern away: 0.66 where 2 clean models showed 0.15: above all of them." in text
    assert "Judged in the same way against each other, 0.0 % of the clean models" in text
    assert "2 clean models say little." in text
    assert "birds <zip>" in text


def test_without_an_alarm_it_warns_that_this_is_no_proof(
    audit_document: dict[str, Any], text_of: Callable[..., str]
) -> None:
    for one in audit_document["findings"]:
        one["alarm"] = False
    assert "That is no proof" in text_of(audit_document)


def test_every_measurement_has_its_table(audit_document: dict[str, Any]) -> None:
    tables = {table.title: table for table in audit_page(audit_document).tables}
    assert len(tables["Findings"].rows) == 2
    assert len(tables["Searches for a trigger"].rows) == 7
    assert tables["Searches for a trigger"].rows[-1][0] == "patch, towards 1"
    detectors = tables["Detectors on photos with the model's own trigger"].rows
    assert [row[:2] for row in detectors[:4]] == [
        ["far", "audited"], ["far", "0/clean"], ["far", "1/clean"], ["smoothing", "audited"]
    ]  # fmt: skip
    assert tables["Training classes that fall into two"].rows == [["wren", "0.20", "0.40", "25.0 %", "5"]]
    assert tables["Training photos to look at"].rows == [["wren/1.jpg", "wren", "7.5"]]
    assert [row[0] for row in tables["What defences leave"].rows] == ["none", "prune, fraction 0.2"]


def test_what_was_not_looked_at_has_no_table(audit_document: dict[str, Any]) -> None:
    page = audit_page({**audit_document, "training": None, "curves": None, "photo_tests": []})
    assert {table.title for table in page.tables} == {"Findings", "Searches for a trigger"}
    assert len(page.facts) == 2


def test_without_a_clean_model_it_says_so(audit_document: dict[str, Any], text_of: Callable[..., str]) -> None:
    own = [row for row in audit_document["searches"] if row["model"] == "audited"]
    text = text_of({**audit_document, "beside": [], "searches": own})
    assert "no clean models beside it" in text
    assert "no clean model to compare" in text


def test_the_best_detector_is_told_with_its_false_alarms(audit_document: dict[str, Any]) -> None:
    facts = {fact.label: fact for fact in audit_page(audit_document).facts}
    assert facts["Best detector: far"].value == "0.97"
    assert facts["Its false alarms"].value == "3.0 %"


def test_pictures_of_what_was_found_are_shown(audit_document: dict[str, Any]) -> None:
    photo = np.full((8, 8, 3), 90, np.uint8)
    assert len(audit_page(audit_document).plots) == 1
    page = audit_page(audit_document, [(photo, photo + 3)])
    assert len(page.plots) == 2
    assert page.plots[1].data.startswith(b"\x89PNG")
