"""Make the next item while the one before is in use."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def ahead(items: Generator[Item, None, None]) -> Generator[Item, None, None]:
    """Walk over items that a thread makes, always one ahead: two of them are in memory, and none is made too early.

    Args:
        items: What makes them; closed in the end, however that comes.

    Yields:
        The same items in the same order. What making one raises is raised in its place, after those before it.
    """
    try:
        with ThreadPoolExecutor(1, "ahead") as thread:
            coming = thread.submit(_next, items)
            while item := coming.result():
                coming = thread.submit(_next, items)
                yield item[0]
    finally:
        items.close()


def _next(items: Generator[Item, None, None]) -> tuple[Item] | None:
    """The next item, in a tuple so that any value may be one; None at the end."""
    for item in items:
        return (item,)
    return None
