"""The part of a Markdown page that is made from measurements, between two markers; the rest is written by people."""

from __future__ import annotations

START, END = "<!-- generated: start -->", "<!-- generated: end -->"
NOTHING = "No measurement has been filed yet.\n"


def with_generated(text: str, parts: str, *, nothing: str = NOTHING) -> str:
    """A page with its generated part made anew.

    Args:
        text: the page as it is; all outside the two markers is kept.
        parts: what goes between them.
        nothing: what stands there where ``parts`` is empty.

    Raises:
        ValueError: the page lacks a marker.
    """
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError(f"The page must hold {START} and {END} in this order; put them back.")
    return f"{before}{START}\n\n{parts or nothing}\n{END}{after}"
