"""Every example of every page: Python is run, commands are parsed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from unfind.cloaks import choose as cloaks
from unfind.datasets import spec
from unfind.defences import choose as defences
from unfind.objectives import choose as objectives
from unfind.triggers import choose as triggers

BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
FILE_NAME = re.compile(r"# (\w+\.py)\n")
SCREEN = 50
"""Lines that fit on a screen."""
TOOLS = {"python3", "python", "pip", "."}
"""Commands of others that a page may show."""


def blocks(page: Path, language: str) -> Iterator[tuple[int, str]]:
    """Line and text of each block of a language."""
    text = page.read_text()
    for found in BLOCK.finditer(text):
        if found["language"] == language:
            yield text[: found.start("text")].count("\n"), found["text"]


def commands(block: str) -> Iterator[list[str]]:
    """The words of each command of a console block; lines without "$ " are output."""
    for line in block.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            yield shlex.split(line[2:], comments=True)


@pytest.fixture
def _registries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a page registers is forgotten after it."""
    for module, name in (
        (triggers, "TRIGGERS"),
        (objectives, "OBJECTIVES"),
        (cloaks, "CLOAKS"),
        (defences, "FILTERS"),
        (defences, "MODEL_DEFENCES"),
        (spec, "OFFICIAL"),
        (spec, "BY_CLASS"),
    ):
        registry: dict[str, Any] = getattr(module, name)
        for known in registry:
            monkeypatch.setitem(registry, known, registry[known])
        monkeypatch.setattr(module, name, dict(registry))


@pytest.mark.usefixtures("_registries")
def test_python_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {"__name__": "snippet"}
    for line, text in blocks(page, "python"):
        named = FILE_NAME.match(text)
        if named:
            (tmp_path / named[1]).write_text(text)
        exec(compile("\n" * line + text, str(page), "exec", dont_inherit=True), namespace)


def test_commands_exist(page: Path, root: Path, parse_command: Callable[[list[str]], Any]) -> None:
    for _, text in blocks(page, "console"):
        for words in commands(text):
            check(words, root, parse_command)


def check(words: list[str], root: Path, parse_command: Callable[[list[str]], Any]) -> None:
    first, rest = words[0], words[1:]
    if first == "unfind":
        if rest != ["--help"]:
            parse_command(rest)
    elif first == "make":
        assert all(re.search(rf"^{target}:", (root / "Makefile").read_text(), re.MULTILINE) for target in rest)
    else:
        assert first in TOOLS, f"{first} is not a command that a page may show"
        assert all((root / word).exists() for word in rest if word.startswith("docs/"))


@pytest.mark.parametrize("kind", ["loss", "trigger", "cloak", "defence", "dataset", "backbone"])
def test_each_kind_of_extension_has_an_example_that_fits_on_a_screen(kind: str, root: Path) -> None:
    found = [text for _, text in blocks(root / "docs" / "extend" / f"{kind}.md", "python")]
    assert len(found) >= 2, "one block defines it, one uses it"
    assert all(len(text.splitlines()) <= SCREEN for text in found)


def test_extension_examples_check_what_they_did(root: Path) -> None:
    for page in (root / "docs" / "extend").glob("*.md"):
        assert any(re.search(r"^assert ", text, re.MULTILINE) for _, text in blocks(page, "python")), page.name


def test_every_block_says_what_it_is(page: Path) -> None:
    fences = re.findall(r"^```(.*)$", page.read_text(), re.MULTILINE)
    assert len(fences) % 2 == 0
    known: Mapping[str, bool] = dict.fromkeys(("python", "console", "text", "toml", "json", "{toctree}"), True)
    assert all(opening in known or opening.startswith("{include}") for opening in fences[::2])
    assert not any(fences[1::2])


def test_a_wrong_command_is_noticed(root: Path, parse_command: Callable[[list[str]], Any]) -> None:
    for words in (["unfind", "train", "--data", "photos", "--out", "x", "--step", "1"], ["unfind", "trian"]):
        with pytest.raises(Exception, match=r"Unknown (option|command)"):
            check(words, root, parse_command)
    with pytest.raises(AssertionError):
        check(["make", "tea"], root, parse_command)
    with pytest.raises(AssertionError, match="sudo"):
        check(["sudo", "make", "test"], root, parse_command)


def test_commands_are_taken_apart() -> None:
    text = "$ unfind demo \\\n    --out story   # a remark\noutput\n$ make test\n"
    assert list(commands(text)) == [["unfind", "demo", "--out", "story"], ["make", "test"]]
