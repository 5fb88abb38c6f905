"""docs/commands.md and the help it is made from."""

from __future__ import annotations

import inspect
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from cyclopts import App

from unfind.cli.app import build_app


def function_of(app: App, words: tuple[str, ...]) -> Any:
    for word in words:
        app = app[word]
    return app.default_command


def test_the_page_is_what_the_help_says_now(root: Path, script: Callable[[str], ModuleType]) -> None:
    made = script("generate_commands").page()
    assert (root / "docs" / "commands.md").read_text() == made, "run: python docs/generate_commands.py"


def test_every_verb_has_a_section_and_its_options(root: Path, verbs: list[tuple[str, ...]]) -> None:
    text = (root / "docs" / "commands.md").read_text()
    for words in verbs:
        assert re.search(rf"^##+ unfind {' '.join(words)}$", text, re.MULTILINE), words


def test_every_verb_has_an_example_that_parses(
    verbs: list[tuple[str, ...]], parse_command: Callable[[list[str]], Any]
) -> None:
    app = build_app()
    checked = 0
    for words in verbs:
        function = function_of(app, words)
        if function is None:  # a group of verbs
            continue
        examples = re.findall(r"^Example: unfind (.+)$", inspect.getdoc(function) or "", re.MULTILINE)
        assert examples, f"unfind {' '.join(words)} shows no example"
        for example in examples:
            assert tuple(shlex.split(example)[: len(words)]) == words
            command, _ = parse_command(shlex.split(example))
            assert command is function
            checked += 1
    assert checked >= len(verbs) - 1


def test_every_option_of_every_verb_has_help(verbs: list[tuple[str, ...]], script: Callable[[str], ModuleType]) -> None:
    """Help stands in the signature or, for groups of options, in the docstring of their class: look at the page."""
    app = build_app()
    for words in verbs:
        command = app
        for word in words:
            command = command[word]
        if command.default_command is None:
            continue
        text = script("generate_commands").help_text(app, words)
        names = [argument.name for argument in command.assemble_argument_collection() if argument.show]
        silent = [name for name in names if not re.search(rf"{re.escape(name)}\b[^\n]*?\s{{2,}}[^\s│|\[]", text)]
        assert not silent, f"unfind {' '.join(words)}: no help for {', '.join(silent)}"


def test_the_exit_codes_of_the_page_are_those_of_the_program(root: Path) -> None:
    from unfind.cli import app, verify

    text = (root / "docs" / "commands.md").read_text()
    codes = {int(code) for code in re.findall(r"^\| (\d) \|", text, re.MULTILINE)}
    assert codes == {app.DONE, app.FAILED, app.WRONG_USE, verify.NOT_MARKED}
