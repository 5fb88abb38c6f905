"""Figures of several panels: what they show, and that the same data give the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from unfind.errors import UsageError
from unfind.report.panels import Cloud, Hits, Panel, clouds, heat, hit_lists, panels

PARTS = [
    Panel("C→P", ("1", "2", "4"), {"pbl": (0.1, 0.2, 0.3), "cbl": (0.2, None, 0.4)}),
    Panel("P→C", ("1", "2", "4"), {"pbl": (0.05, 0.1, 0.2), "cbl": (0.1, 0.2, 0.25)}),
]
FLAT = np.full((12, 12, 3), 200, np.uint8)

FIGURES: dict[str, Callable[..., bytes]] = {
    "lines": lambda **more: panels(PARTS, x="N", y="Recall@N", **more),
    "bars": lambda **more: panels(PARTS, kind="bar", **more),
    "heat": lambda **more: heat(
        {"C→P": np.array([[0.1, 0.2], [np.nan, 0.4]])}, rows=("0.1", "1"), columns=("0.5", "2"), x="γ", y="β", **more
    ),
    "clouds": lambda **more: clouds(
        [Cloud("clean", {"clean": np.random.default_rng(0).normal(size=(20, 2)), "triggered": np.zeros((5, 2))})],
        **more,
    ),
    "hits": lambda **more: hit_lists(
        [Hits("clean query", FLAT, [(FLAT, True), (FLAT, False)]), Hits("triggered query", FLAT, [(FLAT, False)])],
        **more,
    ),
}
every_figure = pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)


@every_figure
def test_the_same_data_give_the_same_bytes(draw: Callable[..., bytes]) -> None:
    assert draw() == draw()
    assert draw().lstrip().startswith(b"<?xml")


@every_figure
def test_png_is_a_picture_that_shows_something(draw: Callable[..., bytes]) -> None:
    with Image.open(BytesIO(draw(format="png"))) as image:
        pixels = np.asarray(image.convert("RGB"))
    assert min(pixels.shape[:2]) > 120
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 10


def test_titles_ticks_and_one_legend_for_all() -> None:
    text = FIGURES["lines"]().decode()
    for word in ("C→P", "P→C", ">1<", ">2<", ">4<", "Recall@N"):
        assert word in text, word
    assert text.count(">pbl<") == text.count(">cbl<") == 1
    assert "%" in text
    assert "%" not in panels(PARTS, per_cent=False).decode().split("</style>")[-1].replace("100%", "")


def test_a_grid_shows_its_numbers_and_leaves_gaps_empty() -> None:
    text = FIGURES["heat"]().decode()
    for number in (">10.0<", ">20.0<", ">40.0<"):
        assert number in text
    assert "nan" not in text


def test_more_series_than_colours_stay_apart() -> None:
    many = Panel("many", ("1", "2"), {f"series {i}": (0.1 * i, 0.05 * i) for i in range(9)})
    for kind in ("line", "bar"):
        text = panels([many], kind=kind).decode()
        assert all(f"series {i}<" in text for i in range(9))


def test_more_panels_than_columns_go_into_rows() -> None:
    wide, tall = (Image.open(BytesIO(panels(PARTS * 3, columns=n, format="png"))).size for n in (5, 2))
    assert wide[0] > 2 * tall[0]
    assert tall[1] > 1.3 * wide[1]


def test_a_series_must_fit_its_ticks() -> None:
    with pytest.raises(UsageError, match="expected 2 values, one per tick, got 3"):
        Panel("x", ("1", "2"), {"pbl": (1, 2, 3)})


def test_a_grid_must_fit_its_labels() -> None:
    with pytest.raises(UsageError, match=r"expected \(1, 2\) values, got \(2, 2\)"):
        heat({"x": np.zeros((2, 2))}, rows=("1",), columns=("1", "2"), x="", y="")


@pytest.mark.parametrize(
    "draw",
    [
        lambda: panels([]),
        lambda: panels([Panel("x", (), {})]),
        lambda: heat({}, rows=("1",), columns=("1",), x="", y=""),
        lambda: clouds([Cloud("x", {})]),
        lambda: hit_lists([]),
        lambda: hit_lists([Hits("x", FLAT, [])]),
    ],
)
def test_nothing_to_draw_is_refused(draw: Callable[[], bytes]) -> None:
    with pytest.raises(UsageError, match="at least one panel"):
        draw()


def drawn(part: Panel, monkeypatch: pytest.MonkeyPatch) -> Figure:
    """The figure of one panel, laid out."""
    kept: list[Figure] = []
    monkeypatch.setattr("unfind.report.panels.figure_bytes", lambda figure, format: kept.append(figure) or b"")
    panels([part], x="iterations")
    FigureCanvasAgg(kept[0]).draw()
    return kept[0]


def test_long_labels_stay_in_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"a method with a long name, {number}" for number in range(6)]
    figure = drawn(Panel("", ("1", "2"), dict.fromkeys(names, (0.1, 0.2))), monkeypatch)
    legend, whole = figure.legends[0].get_window_extent(), figure.bbox
    assert whole.x0 <= legend.x0
    assert legend.x1 <= whole.x1


@pytest.mark.parametrize("count", [3, 14])
def test_ticks_do_not_touch(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = [str(1000 * number) for number in range(count)]
    figure = drawn(Panel("", ticks, {"one": [0.5] * count}), monkeypatch)
    axes = figure.axes[0]
    labels = axes.get_xticklabels()
    across = np.diff(axes.transData.transform([(place, 0.0) for place in range(count)])[:, 0]).min()
    slanted = labels[0].get_rotation() != 0
    height = labels[0].get_fontsize() * figure.dpi / 72
    if slanted:
        assert across * np.sin(np.pi / 4) > height
    else:
        assert across > max(label.get_window_extent().width for label in labels)
