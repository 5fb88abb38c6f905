"""Write docs/commands.md from the help of the command line: python docs/generate_commands.py"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from cyclopts import App
from rich.console import Console

from unfind.cli.app import build_app

PAGE = Path(__file__).with_name("commands.md")
WIDTH = 80
"""Columns of the help, whatever the terminal has: the page must not depend on who makes it, and the site fits 80."""

_OPENING = """# Commands

Made from `--help` by `docs/generate_commands.py`; change the help in `src/unfind/cli/`, not this page.

Results go to stdout, all else to stderr. Progress is shown only where stderr is a terminal. With `--json` stdout holds
one JSON document. An error is one sentence that says what was expected, what came, and what to do.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | failed |
| 2 | wrong use: an option that does not exist, a value that cannot be right |
| 3 | `verify` only: at least one photo does not carry the mark |
"""


def page() -> str:
    """The whole page, as Markdown."""
    app = build_app()
    parts = [_OPENING, _section("unfind", build_app(listing=True), ())]
    parts += [_section(f"unfind {' '.join(words)}", app, words) for words in verbs(app)]
    return "\n".join(parts)


def verbs(app: App, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command, groups before what is in them."""
    for name in app:
        if not name.startswith("-"):
            yield (*before, name)
            yield from verbs(app[name], (*before, name))


def help_text(app: App, words: tuple[str, ...]) -> str:
    """What ``unfind WORDS --help`` prints, without colour and at a fixed width."""
    text = io.StringIO()
    console = Console(file=text, width=WIDTH, color_system=None, force_terminal=False, legacy_windows=False)
    app.help_print(words, console=console)
    return "\n".join(line.rstrip() for line in text.getvalue().strip().splitlines())


def _section(title: str, app: App, words: tuple[str, ...]) -> str:
    return f"{'#' * min(2 + max(0, len(words) - 1), 3)} {title}\n\n```text\n{help_text(app, words)}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(page())
