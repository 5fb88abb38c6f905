"""How figures look, and how they become bytes: the same data give the same bytes, SVG follows light and dark.

The colours are those of Okabe and Ito (2008), which people with any kind of colour vision can tell apart,
moved towards the middle so that they stand out on white and on black.
"""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import matplotlib
from matplotlib.figure import Figure

from unfind.errors import UsageError

FigureFormat = Literal["svg", "png"]

COLOURS = ("#2585c3", "#d97b29", "#159a7a", "#b86aa0")
MARKERS = ("o", "s", "D", "^")
INK = "#27313d"
"""Lines and text are drawn in this colour, which SVG then exchanges for the reader's."""
GRID = "#8b95a1"

_SVG_STYLE = "<style>svg{color:#27313d}@media(prefers-color-scheme:dark){svg{color:#dde3ea}}</style>"
_FONTS = "system-ui, 'Liberation Sans', Arial, sans-serif"

_SETTINGS: Any = {
    "font.size": 10,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.alpha": 0.3,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "unfind",
}

# matplotlib keeps its settings per process, so figures of several threads are drawn one after the other.
_ONE_AT_A_TIME = threading.Lock()


@contextmanager
def house_style() -> Iterator[None]:
    """Draw and save figures inside this ``with`` block; settings outside are left alone."""
    with _ONE_AT_A_TIME, matplotlib.rc_context(_SETTINGS):
        yield


def figure_bytes(figure: Figure, format: FigureFormat) -> bytes:
    """Write a figure, without date or program names.

    Args:
        figure: Drawn in the house style.
        format: "svg", see-through and in the reader's colours, or "png" on white.

    Returns:
        The file.

    Raises:
        UsageError: When the format is another one.
    """
    file = io.BytesIO()
    if format == "png":
        figure.savefig(file, format="png", dpi=160, facecolor="white", metadata={"Software": None})
        return file.getvalue()
    if format != "svg":
        raise UsageError(f"a figure is written as svg or png, but {format!r} came; choose one of the two")
    figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _themed(file.getvalue().decode()).encode()


def _themed(svg: str) -> str:
    """Let text and axes take the reader's colour, and text the reader's usual font."""
    svg = re.sub(r"(<svg\b[^>]*>)", rf"\1{_SVG_STYLE}", svg, count=1)
    svg = re.sub(rf"(fill|stroke): {INK}", r"\1: currentColor", svg)
    return re.sub(r"'DejaVu Sans'[^;\"]*", _FONTS, svg)
