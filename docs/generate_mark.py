"""Write the table of docs/mark.md from the card of the shipped mark: python docs/generate_mark.py"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from unfind.models.mark_weights import read_mark_card
from unfind.report.generated_part import with_generated
from unfind.report.markdown_table import markdown_table
from unfind.triggers.shipped import FOLDER

PAGE = Path(__file__).with_name("mark.md")


def page(text: str, card: dict[str, Any]) -> str:
    """The page with its table made anew.

    Args:
        text: the page as it is; all outside the two markers is kept.
        card: of a mark with a second decoder.

    Raises:
        ValueError: the page lacks a marker.
    """
    about = card["second_decoder"]
    first, second = about["held_out"]["decoder"], about["held_out"]["second_decoder"]
    rows = [[name, f"{100 * read:.1f} %", f"{100 * second[name]:.1f} %"] for name, read in first.items()]
    table = markdown_table(["filter", "first decoder", "second decoder"], rows)
    data = " and ".join(f"{count} photos of {name}" for name, count in about["data"].items())
    facts = (
        f"{about['held_out']['photos']} photos measured. It was trained with {data} in {about['fit']['steps']} steps."
    )
    return with_generated(text, f"{table}\n\n{facts}\n")


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(), read_mark_card(FOLDER)))
