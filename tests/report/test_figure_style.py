from __future__ import annotations

import threading
from xml.etree import ElementTree

import matplotlib
import pytest
from matplotlib.figure import Figure

from unfind.errors import UsageError
from unfind.report.figure_style import COLOURS, INK, figure_bytes, house_style


def drawn(title: str = "a title") -> Figure:
    figure = Figure(figsize=(2, 2))
    axes = figure.subplots()
    axes.plot([0, 1], [1, 0], color=COLOURS[0])
    axes.set_title(title)
    return figure


def svg(title: str = "a title") -> str:
    with house_style():
        return figure_bytes(drawn(title), "svg").decode()


def test_svg_takes_the_colours_of_the_reader() -> None:
    text = svg()
    ElementTree.fromstring(text)
    assert "prefers-color-scheme:dark" in text
    assert "currentColor" in text
    assert text.count(INK) == 1, "the ink colour may stand in the style element only"
    assert COLOURS[0] in text
    assert "DejaVu" not in text


def test_svg_holds_text_as_text_and_escapes_it() -> None:
    assert ">a title<" in svg()
    text = svg("<script>alert(1)</script> $x^2$")
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "$x^2$" in text


def test_same_figure_gives_same_bytes() -> None:
    assert svg() == svg()
    with house_style():
        assert figure_bytes(drawn(), "png") == figure_bytes(drawn(), "png")


def test_png_is_a_png() -> None:
    with house_style():
        assert figure_bytes(drawn(), "png").startswith(b"\x89PNG\r\n")


def test_other_formats_are_refused() -> None:
    with house_style(), pytest.raises(UsageError, match="'pdf' came"):
        figure_bytes(drawn(), "pdf")  # type: ignore[arg-type]


def test_settings_outside_are_left_alone() -> None:
    before = dict(matplotlib.rcParams)
    with house_style():
        assert matplotlib.rcParams["svg.fonttype"] == "none"
    assert dict(matplotlib.rcParams) == before


def test_threads_do_not_disturb_each_other() -> None:
    alone, together = svg(), []
    threads = [threading.Thread(target=lambda: together.append(svg())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == [alone] * 4
