"""The mark that comes with the package, and how a mark is named on the command line."""

from __future__ import annotations

from pathlib import Path

SHIPPED = "shipped"
"""In place of a folder: the weights that come with the package."""
UNTRAINED = "untrained"
"""In place of a folder: the mark that training starts from, without any weights on disk."""
FOLDER = Path(__file__).with_name("shipped_mark")


def mark_folder(mark: str) -> Path:
    """Where the files of a mark are.

    Args:
        mark: "shipped", or a folder.
    """
    return FOLDER if mark == SHIPPED else Path(mark)
