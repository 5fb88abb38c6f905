"""report.named_bars: every name is there, every bar is as long as its value."""

from __future__ import annotations

import re

import pytest

from unfind.errors import UsageError
from unfind.report.named_bars import named_bars

NAMES = ["wash: median 3", "distil 60 steps"]


def test_names_labels_and_axis_are_drawn() -> None:
    svg = named_bars(NAMES, {"C→P": [0.1, 0.9], "P→C": [0.2, None]}, x="found").decode()
    for text in (*NAMES, "C→P", "P→C", "found"):
        assert text in svg


def test_more_names_make_a_taller_figure() -> None:
    def height(count: int) -> float:
        svg = named_bars([f"n{n}" for n in range(count)], {"x": [0.5] * count}).decode()
        found = re.search(r'height="([\d.]+)pt"', svg)
        assert found is not None
        return float(found[1])

    assert height(20) > height(5) + 200


def test_the_same_bars_give_the_same_bytes_and_png_is_png() -> None:
    assert named_bars(NAMES, {"x": [0.1, 0.2]}) == named_bars(NAMES, {"x": [0.1, 0.2]})
    assert named_bars(NAMES, {"x": [0.1, 0.2]}, format="png").startswith(b"\x89PNG")


@pytest.mark.parametrize(("names", "series"), [([], {"x": []}), (NAMES, {}), (NAMES, {"x": [0.1]})])
def test_what_cannot_be_drawn_is_refused(names: list[str], series: dict[str, list[float | None]]) -> None:
    with pytest.raises(UsageError, match="bars need a value"):
        named_bars(names, series)
