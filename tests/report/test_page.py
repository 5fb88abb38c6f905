from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from unfind.errors import UsageError
from unfind.report.measure import Measure
from unfind.report.page import (
    Doubt,
    Fact,
    Picture,
    Plot,
    RankedLists,
    ReportPage,
    Table,
    TaskRow,
    TaskTable,
    Triplet,
    render,
)
from unfind.report.pictures import data_uri

HOSTILE = ["<img src=x onerror=alert(1)>.jpg", '"><script>alert(1)</script>', "' onclick='x", "{{ 7*7 }}", "</style>"]
Read = Callable[[str], Any]


def full(photo: np.ndarray, name: str = "auk") -> ReportPage:
    """A page with every section, with one name in every place that takes text."""
    uri = data_uri(photo)
    shown = Picture(uri, name, name)
    found = [Picture(uri, name, name, relevant=True), Picture(uri, name, relevant=False)]
    return ReportPage(
        title=name,
        subtitle=name,
        facts=[Fact(name, name, name)],
        summary=[name],
        ranked=[RankedLists(shown, found, found[::-1], name)],
        triplets=[Triplet(shown, shown, shown, name)],
        tasks=TaskTable([name, "map"], [TaskRow(name, name, [Measure(0.7119, 0.682, 0.7401), None])]),
        tables=[Table(name, name, [name, "b"], [[name, "12.5 %"]])],
        plots=[Plot(b"<svg xmlns='http://www.w3.org/2000/svg'/>", name, name)],
        doubts=[Doubt(name, name)],
        settings={name: name, "seed": 7},
    )


SECTIONS = {
    "facts": '<dl class="facts">',
    "summary": 'aria-label="Summary"',
    "ranked": "What a search finds",
    "triplets": "What happens to a photo",
    "tasks": "Search quality by task",
    "plots": "<h2>Figures</h2>",
    "doubts": "Reasons for doubt",
    "settings": "How this was measured",
}


def test_page_is_well_formed_and_says_its_language(photo: np.ndarray, read_page: Read) -> None:
    html = render(full(photo))
    page = read_page(html)
    assert html.startswith("<!DOCTYPE html>\n")
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == len(page.all("title")) == len(page.all("main")) == 1
    assert any(meta.get("name") == "viewport" for meta in page.all("meta"))


def test_page_needs_no_network_and_runs_no_script(photo: np.ndarray, read_page: Read) -> None:
    html = render(full(photo))
    assert not re.findall(r"https?:|url\(|@import|srcset|javascript:", html)
    page = read_page(html)
    assert not [tag for tag, _ in page.tags if tag in ("script", "link", "iframe", "object", "a", "form", "base")]
    [policy] = [meta for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    assert (policy["content"] or "").startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
    assert all((image["src"] or "").startswith("data:image/") for image in page.all("img"))


def test_page_is_for_everybody(photo: np.ndarray, read_page: Read) -> None:
    html = render(full(photo))
    page = read_page(html)
    assert all(image.get("alt") for image in page.all("img"))
    assert all(cell.get("scope") in ("col", "row") for cell in page.all("th"))
    for rule in ("prefers-color-scheme: dark", "@media print", "@media (max-width"):
        assert rule in html


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text(photo: np.ndarray, read_page: Read, name: str) -> None:
    plain, hostile = read_page(render(full(photo))), read_page(render(full(photo, name)))
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in plain.tags]
    assert [sorted(a) for _, a in hostile.tags] == [sorted(a) for _, a in plain.tags]
    assert hostile.text.count(name) == plain.text.count("auk")


def test_every_number_given_is_on_the_page(photo: np.ndarray, read_page: Read) -> None:
    text = read_page(render(full(photo))).text
    for number in ("71.2", "68.2–74.0", "12.5 %", "7"):
        assert number in text
    assert "–" in text.split("68.2–74.0")[1], "a cell without measurement shows a dash"


@pytest.mark.parametrize("part", list(SECTIONS))
def test_what_is_missing_leaves_its_section_out(photo: np.ndarray, read_page: Read, part: str) -> None:
    whole = full(photo)
    empty = {"tasks": None, "doubts": None, "settings": {}}.get(part, ())
    html = render(replace(whole, **{part: empty}))
    assert SECTIONS[part] in render(whole)
    assert SECTIONS[part] not in html
    assert all(mark in html for other, mark in SECTIONS.items() if other != part)
    read_page(html)


def test_smallest_page_is_a_headline(read_page: Read) -> None:
    page = read_page(render(ReportPage("Nothing yet")))
    assert page.text.count("Nothing yet") == 2
    assert not page.all("section")
    assert not page.all("img")


def test_no_doubts_is_said_only_when_somebody_looked() -> None:
    assert "found no reason for doubt" in render(ReportPage("x", doubts=()))
    assert "doubt" not in read_body(render(ReportPage("x")))


def read_body(html: str) -> str:
    return html.partition("<body>")[2]


def test_found_photos_are_marked_by_word_not_by_colour_alone(photo: np.ndarray, read_page: Read) -> None:
    page = read_page(render(full(photo)))
    assert page.text.count("same") == page.text.count("other") == 2
    assert len([f for f in page.all("figure") if f.get("class") == "shot hit"]) == 2
    assert len([f for f in page.all("figure") if f.get("class") == "shot miss"]) == 2


@pytest.mark.parametrize("uri", ["https://x.example/a.png", "a.png", "javascript:alert(1)", "data:text/html,x", ""])
def test_pictures_from_elsewhere_are_refused(uri: str) -> None:
    with pytest.raises(UsageError, match="carries its own pictures"):
        Picture(uri, "x")


def test_uneven_tables_are_refused() -> None:
    with pytest.raises(UsageError, match="2 columns, but a row has 1"):
        Table("t", "", ["a", "b"], [["x"]])
    with pytest.raises(UsageError, match="needs 1 cells"):
        TaskTable(["map"], [TaskRow("C→C", "", [])])


def test_plots_are_told_by_their_first_bytes() -> None:
    assert Plot(b"<?xml version='1.0'?><svg/>", "x").uri.startswith("data:image/svg+xml;base64,")
    assert Plot(b"\x89PNG\r\n", "x").uri.startswith("data:image/png;base64,")
    with pytest.raises(UsageError, match="a plot is an SVG or PNG file"):
        render(ReportPage("x", plots=[Plot(b"GIF89a", "x")]))
