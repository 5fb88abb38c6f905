"""``unfind key``: make and name keys."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from unfind.cli.app import run
from unfind.triggers.key import Key


def test_a_new_key_is_written_for_its_owner_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "provider.key"
    assert run(["key", "new", str(file)]) == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    said = capsys.readouterr().out
    assert Key.load(file).fingerprint in said
    assert file.read_text().strip() not in said


def test_two_keys_differ(tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert run(["key", "new", str(tmp_path / name)]) == 0
    assert Key.load(tmp_path / "a").secret != Key.load(tmp_path / "b").secret


def test_show_names_a_key_and_gives_nothing_away(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "provider.key"
    key = Key.from_seed(5)
    key.save(file)
    assert run(["key", "show", str(file), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said == {"file": str(file), "fingerprint": key.fingerprint}


def test_a_key_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "provider.key"
    assert run(["key", "new", str(file)]) == 0
    before = file.read_bytes()
    assert run(["key", "new", str(file)]) == 1
    assert file.read_bytes() == before
    assert capsys.readouterr().err.startswith("unfind: ")


@pytest.mark.parametrize("content", [None, "", "unfind-key-1:AAAA", "something else"])
def test_what_is_no_key_is_told_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    file = tmp_path / "provider.key"
    if content is not None:
        file.write_text(content)
    assert run(["key", "show", str(file)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("unfind: ")
    assert str(file) in said
    assert said.count("\n") == 1
