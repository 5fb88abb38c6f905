"""The mark that comes with the package, and how a mark is named on the command line."""

from __future__ import annotations

from pathlib import Path

from unfind.triggers.default import DEFAULT

SHIPPED = "shipped"
"""In place of a folder: the weights that come with the package."""
UNTRAINED = "untrained"
"""In place of a folder: the mark that training starts from, without any weights on disk."""
SPREAD_SPECTRUM = "spread-spectrum"
"""In place of a folder: no learned mark at all, but plane waves, which need no weights."""
FOLDER = Path(__file__).with_name("shipped_mark")


def mark_folder(mark: str) -> Path:
    """Where the files of a mark are.

    Args:
        mark: "shipped", or a folder.
    """
    return FOLDER if mark == SHIPPED else Path(mark)


def default_mark() -> str:
    """The mark of photos where nobody names one."""
    return SPREAD_SPECTRUM if DEFAULT == SPREAD_SPECTRUM else SHIPPED
