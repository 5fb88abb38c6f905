"""docs/generate_mark.py: what the second decoder of the shipped mark reads, from its card."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest

from unfind.models.mark_weights import read_mark_card
from unfind.triggers.shipped import FOLDER


@pytest.fixture
def maker(script: Callable[[str], ModuleType]) -> ModuleType:
    return script("generate_mark")


def test_the_page_says_what_the_card_says(maker: ModuleType) -> None:
    text = maker.PAGE.read_text()
    assert maker.page(text, read_mark_card(FOLDER)) == text, "run: python docs/generate_mark.py"


def test_a_row_is_a_filter(maker: ModuleType) -> None:
    held_out = {"photos": 7, "decoder": {"median 7": 0.375}, "second_decoder": {"median 7": 0.75}}
    card = {"second_decoder": {"data": {"a": 3, "b": 4}, "fit": {"steps": 9}, "held_out": held_out}}
    found = maker.page("x\n<!-- generated: start -->\nold\n<!-- generated: end -->\ny\n", card)
    assert "| median 7 | 37.5 % | 75.0 % |" in found
    assert "7 photos measured. It was trained with 3 photos of a and 4 photos of b in 9 steps." in found
    assert "old" not in found
    with pytest.raises(ValueError, match="must hold"):
        maker.page("no marker", card)
