"""The command line, called as a user calls it, and what it said."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from unfind.cli.app import run

SMALL_FIT = ("--steps=4", "--classes-per-batch=4", "--learning-rate=1e-3", "--validate-every=2")
SMALL_MODEL = ("--size=32", "--dimension=16")


@pytest.fixture(autouse=True)
def _cache_elsewhere(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setenv("UNFIND_CACHE", str(cache))


@dataclass(frozen=True)
class Said:
    """What a command wrote, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout; anything beside it is an error."""
        return json.loads(self.out)

    @property
    def sentence(self) -> str:
        """The last line on stderr, which tells why a command failed."""
        return self.err.splitlines()[-1]


@pytest.fixture
def unfind(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Return the command line: words in, exit code and output out. Errors are checked to be told properly."""

    def call(*words: object, code: int = 0) -> Said:
        capsys.readouterr()
        found = run([str(word) for word in words])
        said = Said(found, *capsys.readouterr())
        assert found == code, said
        assert "Traceback" not in said.out + said.err
        if code in (1, 2) and words[0] != "verify":
            assert said.sentence.startswith("unfind: ")
            assert said.sentence.endswith((".", "?")) or ";" in said.sentence or ":" in said.sentence[8:]
        return said

    return call


@pytest.fixture
def wrong(unfind: Callable[..., Said]) -> Callable[..., str]:
    """Return the command line for what cannot be right: one sentence, nothing on stdout, exit code 2 or another."""

    def call(*words: object, code: int = 2) -> str:
        said = unfind(*words, code=code)
        assert said.out == ""
        assert said.err.count("\n") == 1
        return said.sentence.removeprefix("unfind: ")

    return call


@pytest.fixture(scope="session")
def small() -> tuple[str, ...]:
    """Options of the smallest fresh model and fit."""
    return SMALL_MODEL + SMALL_FIT


@pytest.fixture(scope="session")
def small_fit() -> tuple[str, ...]:
    """Options of the smallest fit."""
    return SMALL_FIT


@pytest.fixture(scope="session")
def photos(class_photos: Path) -> list[Path]:
    """Five photos of one class."""
    return sorted((class_photos / "class-0").iterdir())
