"""The figure of a cloak's way to its target."""

from __future__ import annotations

import io
from xml.etree import ElementTree

import pytest
from PIL import Image

from unfind.errors import UsageError
from unfind.report.cloak_curve import _filled, distance_by_iteration

CURVES = {"rnm": [[20.0, 9.0, 1.0, 0.0], [24.0, 12.0]], "tanh": [[20.0, 18.0, 15.0, 14.0]]}


def words(svg: bytes) -> list[str]:
    return [text for element in ElementTree.fromstring(svg).iter() if (text := (element.text or "").strip())]


def test_it_names_its_axes_and_its_lines() -> None:
    found = words(distance_by_iteration(CURVES, unit="bits"))
    assert {"iterations", "distance from target (bits)", "rnm", "tanh"} <= set(found)


def test_one_line_needs_no_legend() -> None:
    assert "rnm" not in words(distance_by_iteration({"rnm": CURVES["rnm"]}, unit="bits"))


def test_the_same_curves_give_the_same_bytes() -> None:
    assert distance_by_iteration(CURVES, unit="bits") == distance_by_iteration(dict(CURVES), unit="bits")


def test_as_png_it_shows_something() -> None:
    with Image.open(io.BytesIO(distance_by_iteration(CURVES, unit="1 - cosine", format="png"))) as image:
        assert image.format == "PNG"
        assert len(image.convert("L").getcolors(256) or []) > 10


def test_a_photo_that_finished_early_stays_where_it_was() -> None:
    assert _filled([[3.0, 1.0], [5.0], [4.0, 3.0, 2.0], []]).tolist() == [[3, 1, 1], [5, 5, 5], [4, 3, 2]]


@pytest.mark.parametrize("curves", [{}, {"rnm": []}, {"rnm": [[]]}])
def test_nothing_is_no_figure(curves: dict[str, list[list[float]]]) -> None:
    with pytest.raises(UsageError, match="cloak a photo first"):
        distance_by_iteration(curves, unit="bits")
