from __future__ import annotations

import copy
import io
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from unfind.errors import UsageError
from unfind.report import figures

Draw = Callable[..., bytes]

DRAWN: list[tuple[Draw, str]] = [
    (figures.psr_by_task, "psr"),
    (figures.benign_drop_by_metric, "benign_drop"),
    (figures.exposure_over_adoption, "mixed"),
    (figures.survival_dots, "survival"),
]
every_figure = pytest.mark.parametrize(("draw", "key"), DRAWN, ids=[key for _, key in DRAWN])


def words(svg: bytes) -> list[str]:
    return [text for element in ElementTree.fromstring(svg).iter() if (text := (element.text or "").strip())]


@every_figure
def test_svg_is_well_formed_and_the_same_each_time(draw: Draw, key: str, document: dict[str, Any]) -> None:
    first = draw(document[key])
    assert first == draw(copy.deepcopy(document[key]))
    assert ElementTree.fromstring(first).tag.endswith("svg")


@every_figure
def test_png_shows_something(draw: Draw, key: str, document: dict[str, Any]) -> None:
    with Image.open(io.BytesIO(draw(document[key], format="png"))) as image:
        pixels = np.asarray(image.convert("RGB"))
    assert pixels.shape[1] > 600
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 20


@every_figure
def test_other_numbers_give_another_figure(draw: Draw, key: str, document: dict[str, Any]) -> None:
    before = draw(document[key])
    changed = copy.deepcopy(document[key])
    if key == "psr":
        changed["p2p"]["recall@1"] = 0.1
    elif key == "benign_drop":
        changed["recall@1"] = 0.001
    elif key == "mixed":
        changed[0]["album_leak@10"] = 9.0
    else:
        changed[0]["psr_map_r"]["p2c"] = 0.1
    assert draw(changed) != before


@every_figure
def test_nothing_to_draw_is_refused(draw: Draw, key: str) -> None:
    with pytest.raises(UsageError, match=f"{key} is empty"):
        draw([] if key in ("mixed", "survival") else {})


def test_psr_names_tasks_and_metrics(document: dict[str, Any]) -> None:
    seen = words(figures.psr_by_task(document["psr"]))
    assert {"C→P", "P→C", "P→P", *document["psr"]["c2p"]} <= set(seen)
    chosen = words(figures.psr_by_task(document["psr"], metrics=("nmi", "map")))
    assert "recall@1" not in chosen
    assert chosen.index("nmi") < chosen.index("map")


def test_missing_measurements_leave_a_gap(document: dict[str, Any]) -> None:
    document["psr"]["c2p"]["nmi"] = None
    document["survival"][0]["psr_map_r"]["p2p"] = None
    document["mixed"][1]["exposure@10"] = None
    document["benign_drop"]["f1"] = None
    for draw, key in DRAWN:
        assert b"nan" not in draw(document[key]).lower()


def test_extreme_numbers_are_drawn(document: dict[str, Any]) -> None:
    document["mixed"][0]["album_leak@10"] = 100.0
    document["survival"][0]["psr_map_r"]["c2p"] = -0.4
    document["psr"]["c2p"]["recall@1"] = -2.0
    assert "100×" in words(figures.exposure_over_adoption(document["mixed"]))
    assert any(word.startswith(("-", "−")) for word in words(figures.survival_dots(document["survival"])))
    assert any(word.startswith(("-", "−")) for word in words(figures.psr_by_task(document["psr"])))


def test_adoption_is_in_order_whatever_the_list_is(document: dict[str, Any]) -> None:
    assert figures.exposure_over_adoption(document["mixed"]) == figures.exposure_over_adoption(document["mixed"][::-1])


def test_hostile_edit_names_stay_text(document: dict[str, Any]) -> None:
    document["survival"][0]["edit"] = "<script>alert(1)</script>"
    svg = figures.survival_dots(document["survival"])
    assert b"<script" not in svg
    assert "<script>alert(1)</script>" in words(svg)
