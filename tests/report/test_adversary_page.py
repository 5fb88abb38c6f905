"""report.adversary_page: three tables, and a title that does not flatter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from unfind.report.adversary_page import adversary_page, tables
from unfind.report.page import render


def test_the_title_counts_what_broke(adversary_document: dict[str, Any]) -> None:
    assert adversary_page(adversary_document).title == "1 of 3 attacks find half or more of what protection hides."
    adversary_document["attacks"].pop(2)
    assert adversary_page(adversary_document).title.startswith("No attack that was tried")


def test_each_kind_stands_in_its_table(adversary_document: dict[str, Any]) -> None:
    revealing, forging, listing = tables(adversary_document)
    assert [row[0] for row in revealing.rows] == [
        "none", "wash: jpeg 40", "estimate the mark from 10", "finetune 60 steps, 1 %"
    ]  # fmt: skip
    assert [row[0] for row in forging.rows] == ["none", "forge the mark from 10", "invert the trigger, 1 %"]
    assert [row[0] for row in listing.rows] == ["list by likeness to 1"]


def test_rows_say_what_is_got_and_what_it_costs(adversary_document: dict[str, Any]) -> None:
    revealing, forging, listing = tables(adversary_document)
    assert revealing.rows[1] == ["wash: jpeg 40", "–", "3.2", "30.0 % (28.0–32.0)", "30.0 % (28.0–32.0)", "2.1", "28.4"]
    assert revealing.rows[2][1] == "10 protected"
    assert revealing.rows[3][1:3] == ["40 clean, the model", "75"]
    assert forging.rows[1][5] == "0.91"
    assert listing.rows[0][1:] == ["1 protected", "3.2", "0.93", "0.90–0.96", "70.0 %", "10.0 %"]


def test_the_page_is_whole_and_escapes(adversary_document: dict[str, Any], read_page: Callable[[str], Any]) -> None:
    page = read_page(render(adversary_page(adversary_document)))
    assert "birds <zip>" in page.text
    assert "Best estimate finds" in page.text
    assert len(page.all("table")) == 3
    assert len([one for one in page.all("img") if (one["src"] or "").startswith("data:image/")]) == 2


def test_without_lists_there_is_one_figure(adversary_document: dict[str, Any]) -> None:
    adversary_document["attacks"].pop()
    assert len(adversary_page(adversary_document).plots) == 1
