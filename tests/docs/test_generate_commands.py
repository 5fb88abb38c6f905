"""docs/generate_commands.py: from help to Markdown."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest
from cyclopts import App

Script = Callable[[str], ModuleType]


def small_app() -> App:
    app = App(name="unfind", help="A small program.")

    def greet(*, name: str = "world") -> None:
        """Say hello, at some length, so that the sentence does not fit on a single line of the page that is made of it.

        Args:
            name: whom.
        """

    group = App(name="group", help="Several verbs.")
    group.command(greet)
    app.command(greet)
    app.command(group)
    return app


def test_verbs_are_listed_with_those_of_groups_after_them(script: Script) -> None:
    verbs = list(script("generate_commands").verbs(small_app()))
    assert verbs == [("greet",), ("group",), ("group", "greet")]


def test_help_has_a_fixed_width_whatever_the_terminal(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    module = script("generate_commands")
    texts = set()
    for columns in ("40", "300"):
        monkeypatch.setenv("COLUMNS", columns)
        texts.add(module.help_text(small_app(), ("greet",)))
    (text,) = texts
    assert max(len(line) for line in text.splitlines()) <= module.WIDTH
    assert "--name" in text


def test_help_is_plain(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    text = script("generate_commands").help_text(small_app(), ())
    assert "\x1b" not in text
    assert not any(line.endswith(" ") for line in text.splitlines())


def test_the_page_is_the_same_each_time(script: Script) -> None:
    module = script("generate_commands")
    assert module.page() == module.page()
    assert module.page().startswith("# Commands\n")
