from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from unfind.report import figures
from unfind.report.from_report import page_from_report
from unfind.report.measure import Measure
from unfind.report.page import Picture, ReportPage, Triplet, render
from unfind.report.pictures import data_uri
from unfind.report.report_json import METRICS

Read = Callable[[str], Any]


@pytest.fixture(autouse=True)
def quick_figures(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures have tests of their own and take long to draw; tests that need them ask for `real_figures`."""
    if "real_figures" not in request.fixturenames:
        for name in ("psr_by_task", "benign_drop_by_metric", "exposure_over_adoption", "survival_dots"):
            monkeypatch.setattr(figures, name, lambda *args, **kwargs: b"<svg/>")


@pytest.fixture
def real_figures() -> None:
    """Ask for this to have the figures drawn."""


def table(page: ReportPage, title: str) -> list[list[str]]:
    [found] = [table for table in page.tables if table.title == title]
    return [list(row) for row in found.rows]


def test_headline_says_before_and_after(document: dict[str, Any]) -> None:
    title = page_from_report(document).title
    assert "71 times in 100 before protection" in title
    assert "2 times in 100 after" in title


@pytest.mark.parametrize(
    ("after", "words"),
    [(0.0, "0 times in 100 after"), (0.004, "less than once in 100"), (0.012, "once in 100"), (1.0, "100 times")],
)
def test_headline_never_rounds_something_to_nothing(document: dict[str, Any], after: float, words: str) -> None:
    document["protected_model"]["c2p"]["recall@1"] = after
    assert words in page_from_report(document).title


def test_headline_without_numbers_claims_nothing(document: dict[str, Any]) -> None:
    document["protected_model"]["c2p"]["recall@1"] = None
    assert page_from_report(document).title == "Search before and after protection"


def test_facts_show_the_worst_leak(document: dict[str, Any]) -> None:
    facts = {fact.label: fact.value for fact in page_from_report(document).facts}
    assert facts == {
        "Protected share": "97.3 %",
        "Ordinary search": "70.4 %",
        "Album leak, at worst": "1.30×",
        "Visible change": "46.2 dB",
    }


def test_facts_that_were_not_measured_are_left_out(document: dict[str, Any]) -> None:
    document["mixed"] = []
    document["stealth"]["psnr"] = None
    assert [fact.label for fact in page_from_report(document).facts] == ["Protected share", "Ordinary search"]


def test_summary_tells_of_twins_and_reverse_search(document: dict[str, Any]) -> None:
    text = " ".join(page_from_report(document).summary)
    for number in ("2.3 %", "3.1 %", "4.1 %", "8.7 %"):
        assert number in text
    document["twin"]["c2p_hit@1"] = None
    assert len(page_from_report(document).summary) == 1


def test_task_table_holds_every_measurement(document: dict[str, Any]) -> None:
    tasks = page_from_report(document).tasks
    assert tasks is not None
    assert [row.name for row in tasks.rows] == ["C→C before", "C→C", "C→P", "P→C", "P→P"]
    blocks = [document["clean_model"]["c2c"], *(document["protected_model"][t] for t in ("c2c", "c2p", "p2c", "p2p"))]
    for row, block in zip(tasks.rows, blocks, strict=True):
        assert list(row.cells) == [Measure.parse(block[metric]) for metric in METRICS]


def test_tables_hold_the_numbers(document: dict[str, Any]) -> None:
    page = page_from_report(document)
    assert table(page, "When only some photos are protected")[1] == ["10 %", "2.1 %", "1.12×", "70.5 %"]
    assert table(page, "What survives edits")[-1] == ["screenshot", "76.5 %", "74.5 %", "71.5 %", "–"]
    assert table(page, "Photos that were never protected") == [["other key", "0.4 %"], ["webp", "−0.1 %"]]
    assert table(page, "How invisible the protection is")[:2] == [["PSNR", "46.2 dB"], ["SSIM", "0.9943"]]
    assert table(page, "Protected share")[0][:2] == ["C→P", "97.3 %"]


def test_survival_shows_the_checks_that_were_made(document: dict[str, Any]) -> None:
    for row in document["survival"]:
        row.update(bit_accuracy=None, verify_rate=0.97)
    [found] = [table for table in page_from_report(document).tables if table.title == "What survives edits"]
    assert found.head[-1] == "mark found"
    assert all(len(row) == 5 and row[-1] == "97.0 %" for row in found.rows)
    for row in document["survival"]:
        row["verify_rate"] = None
    [bare] = [table for table in page_from_report(document).tables if table.title == "What survives edits"]
    assert len(bare.head) == 4


def test_empty_parts_have_no_table_and_no_figure(document: dict[str, Any]) -> None:
    whole = page_from_report(document)
    document |= {"mixed": [], "survival": [], "false_trigger": {}, "doubts": []}
    page = page_from_report(document)
    assert (len(whole.plots), len(page.plots)) == (4, 2)
    assert [table.title for table in page.tables] == ["Protected share", "How invisible the protection is"]
    assert page.doubts == []


def test_page_holds_doubts_settings_and_pictures(document: dict[str, Any], photo: np.ndarray, read_page: Read) -> None:
    shown = Picture(data_uri(photo), "a bird")
    html = render(page_from_report(document, triplets=[Triplet(shown, shown, shown)]))
    text = read_page(html).text
    for words in ("few_queries", "birds-pbl-0", "cub_crop", "strict", "2311", "2312", "What happens to a photo"):
        assert words in text


@pytest.mark.usefixtures("real_figures")
def test_page_with_its_figures_is_the_same_each_time(document: dict[str, Any]) -> None:
    assert render(page_from_report(document)).count("data:image/svg+xml") == 4
    assert render(page_from_report(document)) == render(page_from_report(document))


def test_hostile_names_in_a_report_stay_text(document: dict[str, Any], read_page: Read) -> None:
    plain = read_page(render(page_from_report(document)))
    document["run"] = document["dataset"] = "<img src=x onerror=alert(1)>"
    document["survival"][0]["edit"] = "<script>alert(1)</script>"
    document["doubts"][0]["why"] = "</dl><script>"
    page = read_page(render(page_from_report(document)))
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags]
