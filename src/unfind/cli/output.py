"""What a command says: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from unfind.datasets.names import is_photo
from unfind.studies.progress import Progress as OnProgress
from unfind.studies.progress import silent

PIPED_WIDTH = 120
"""Columns of a table that goes into a file or another program."""


def say(text: str) -> None:
    """A line for people, on stderr."""
    print(text, file=sys.stderr)


def print_json(document: Any) -> None:
    """One JSON document, on stdout."""
    print(json.dumps(document, indent=2, default=str, allow_nan=False))


def print_table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table for people, on stdout."""
    table = Table(header_style="bold", pad_edge=False, box=None, show_header=any(head))
    for index, name in enumerate(head):
        table.add_column(name, justify="left" if index == 0 else "right", overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    console = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
    console.print(title, style="italic", markup=False, highlight=False, soft_wrap=True)
    console.print(table)


@contextmanager
def progress_bar() -> Iterator[OnProgress]:
    """A progress bar on stderr with the time remaining; nothing where stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield silent
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("start", total=None)
        stages: list[str] = []

        def advance(stage: str, done: int, total: int) -> None:
            name = stage.partition(" (")[0]
            if not stages or stages[-1] != name:
                stages.append(name)
                bars.reset(task)
            bars.update(task, description=escape(stage), completed=done, total=total)

        yield advance


def percent(value: Any) -> str:
    """A fraction, or {"value": fraction}, as a percentage; a dash for nothing."""
    number = value["value"] if isinstance(value, dict) else value
    return "-" if number is None else f"{100 * number:.2f}"


def warn_refused(refused: Sequence[tuple[Any, str]], limit: int = 5) -> None:
    """Name the photos that were left out, and count them."""
    photos = list({_photo_of(str(path)): sentence for path, sentence in refused}.items())
    for path, sentence in photos[:limit]:
        say(f"unfind: left out {path}: {sentence}")
    if len(photos) > limit:
        say(f"unfind: left out {len(photos) - limit} more photos; {len(photos)} in all.")


def _photo_of(name: str) -> str:
    """The photo that a snapshot was made of (``PHOTO/shot-NN.jpg``); any other photo itself."""
    photo = name.rpartition("/shot-")[0]
    return photo if is_photo(photo) else name
