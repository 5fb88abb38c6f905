"""A table in Markdown, numbers to the right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def markdown_table(head: Sequence[str], body: Iterable[Sequence[str]], *, numbers: Sequence[bool] | None = None) -> str:
    """A table, without a line end after it.

    Args:
        head: titles of the columns.
        body: lines of as many cells.
        numbers: which columns stand to the right; by default all but the first.
    """
    right = numbers if numbers is not None else [False, *(True for _ in head[1:])]
    rule = ["---:" if number else "---" for number in right]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, rule, *body))


def number_columns(body: Sequence[Sequence[str]]) -> list[bool]:
    """Which columns hold nothing but numbers, or "-" where there is none."""
    return [all(_is_number(cell) for cell in column) for column in zip(*body, strict=True)]


def _is_number(cell: str) -> bool:
    return cell == "-" or cell.replace(".", "", 1).lstrip("-").isdigit()
