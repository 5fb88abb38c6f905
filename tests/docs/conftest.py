"""What the tests of the documentation share: its pages, its scripts, and commands parsed but not run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from unfind.cli.app import build_app

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts)])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for a ``page`` runs on each of them."""
    if "page" in metafunc.fixturenames:
        metafunc.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@pytest.fixture
def root() -> Path:
    return ROOT


@pytest.fixture
def script(load_script: Callable[[Path], ModuleType]) -> Callable[[str], ModuleType]:
    """Load a script of docs/ by its name."""
    return lambda name: load_script(ROOT / "docs" / f"{name}.py")


@pytest.fixture
def parse_command() -> Callable[[list[str]], tuple[Any, dict[str, Any]]]:
    """Parse the words after ``unfind``: the function that would run and its arguments; an error where they are wrong.

    The file after --config is not read: pages name files that do not exist here.
    """

    def parse(words: list[str]) -> tuple[Any, dict[str, Any]]:
        if "--config" in words:
            place = words.index("--config")
            words = [*words[:place], "--data", "photos", *words[place + 2 :]]
        command, bound, _ = build_app().parse_args(words, exit_on_error=False, print_error=False)
        return command, dict(bound.arguments)

    return parse


@pytest.fixture
def verbs(script: Callable[[str], ModuleType]) -> Iterator[tuple[str, ...]]:
    """The words of every command."""
    return list(script("generate_commands").verbs(build_app()))
