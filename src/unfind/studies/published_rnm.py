"""The figures that the RNM paper has printed, for standing beside measured ones.

``published_rnm.csv`` holds Tables 1 to 3 of the paper on the relaxation norm method (RNM), in per cent: DPSH with
VGG-11, 500 queries. Its t-MAP of noise, near zero with 38 labels, shows a stricter rule of relevance
than "any shared label"; so its numbers are compared with nothing, only shown.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

FILE = "published_rnm.csv"


@dataclass(frozen=True)
class Published:
    """One printed number.

    Attributes:
        table: 1, 2 or 3.
        data: "flickr25k" or "nuswide".
        method: "noise", "tanh-p2p", "tanh-p2s", "rnm-p2p", "rnm-p2s", "hag" or "original", the photos as they are.
        bits: length of the codes.
        budget: largest change of a pixel.
        metric: "t_map" or "map".
        value: a fraction in 0..1.
    """

    table: int
    data: str
    method: str
    bits: int
    budget: float
    metric: str
    value: float


def published(table: int, data: str) -> list[Published]:
    """What a table of the paper says of a data set, in its order; nothing where it was not measured.

    Args:
        table: 1, 2 or 3.
        data: name of a data set, also of a part of it such as "nuswide/query".
    """
    name = data.partition("/")[0]
    return [row for row in _rows() if (row.table, row.data) == (table, name)]


@cache
def _rows() -> tuple[Published, ...]:
    text = (files("unfind.studies") / FILE).read_text(encoding="utf-8")
    return tuple(_row(row) for row in csv.DictReader(text.splitlines()))


def _row(row: dict[str, str]) -> Published:
    numbers = int(row["bits"]), float(row["budget"]), row["metric"], float(row["value"]) / 100
    return Published(int(row["table"]), row["data"], row["method"], *numbers)
