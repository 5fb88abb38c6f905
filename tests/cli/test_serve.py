"""``unfind serve``: the layer between the words and the service."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unfind.gallery.store import Gallery
from unfind.models.encoder import Architecture, build_encoder
from unfind.models.weights import fingerprint_of, read_card, save_encoder
from unfind.service import server
from unfind.service.api_keys import KeyRing
from unfind.service.page_mark import page_facts
from unfind.triggers.choose import trigger_card
from unfind.triggers.key import KEY_FILE, Key
from unfind.triggers.learned import Learned


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    KeyRing(tmp_path / "keys.json").new("test", "write")
    return tmp_path / "keys.json"


@pytest.fixture
def own_run(tmp_path: Path) -> tuple[Path, str]:
    """A model whose backbone is a file of the user's, and how that is named."""
    code = "from torch import nn\ndef make():\n    return nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten())\n"
    (tmp_path / "own.py").write_text(code)
    spec = f"{tmp_path / 'own.py'}:make"
    save_encoder(tmp_path / "own", build_encoder(Architecture(spec, size=32, dimension=16), seed=0), {})
    return tmp_path / "own", spec


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Servers that would have run."""
    configs: list[Any] = []

    def run(config: Any, *, when_up: Callable[[], None]) -> bool:
        configs.append(config)
        when_up()
        return True

    monkeypatch.setattr(server, "run_server", run)
    return configs


def test_a_gallery_is_made_and_served_on_loopback(
    unfind, started: list[Any], clean_run: Path, keys: Path, tmp_path: Path
) -> None:
    said = unfind("serve", tmp_path / "album", "--run", clean_run, "--api-keys", keys, "--create")
    assert "http://127.0.0.1:8747" in said.err
    assert said.out == ""
    [config] = started
    assert (config.host, config.port) == ("127.0.0.1", 8747)
    parts = config.app.state.parts
    assert parts.backend.trigger is None
    assert Gallery.open(tmp_path / "album").card.fingerprint == fingerprint_of(read_card(clean_run))


def test_a_protected_models_key_verifies(
    unfind, started: list[Any], protected_run: Path, keys: Path, tmp_path: Path
) -> None:
    words = ("--create", "--host=0.0.0.0", "--port=1234")
    said = unfind("serve", tmp_path / "album", "--run", protected_run, "--api-keys", keys, *words)
    assert "open to others without encryption" in said.err
    assert started[0].app.state.parts.backend.trigger is not None


def test_a_learned_marks_key_verifies_and_the_page_makes_it(
    unfind, started: list[Any], keys: Path, tmp_path: Path
) -> None:
    key = Key.from_seed(1)
    encoder = build_encoder(Architecture("tiny", size=32, dimension=16), seed=0)
    save_encoder(tmp_path / "run", encoder, {"trigger": trigger_card(Learned(key, strength=0.9), key)})
    key.save(tmp_path / "run" / KEY_FILE)
    said = unfind("serve", tmp_path / "album", "--run", tmp_path / "run", "--api-keys", keys, "--create")
    assert "the page cannot make" not in said.err
    trigger = started[0].app.state.parts.backend.trigger
    assert isinstance(trigger, Learned)
    assert trigger.key.fingerprint == key.fingerprint
    facts = page_facts(trigger)
    assert (facts.mark, facts.networks.strength if facts.networks else None) == ("learned", 0.9)


def test_a_key_is_looked_for_though_the_model_has_no_mark(
    unfind, started: list[Any], clean_run: Path, keys: Path, tmp_path: Path
) -> None:
    key = Key.from_seed(3)
    key.save(tmp_path / "own.key")
    words = ("--api-keys", keys, "--create", "--key", tmp_path / "own.key")
    unfind("serve", tmp_path / "album", "--run", clean_run, *words)
    assert started[0].app.state.parts.backend.trigger.key.fingerprint == key.fingerprint


def test_a_second_gallery_stands_beside_the_first(
    unfind, started: list[Any], protected_run: Path, clean_run: Path, keys: Path, tmp_path: Path
) -> None:
    unfind("gallery", "create", tmp_path / "plain", "--run", clean_run)
    words = ("--create", "--beside", tmp_path / "plain", "--beside-run", clean_run)
    unfind("serve", tmp_path / "album", "--run", protected_run, "--api-keys", keys, *words)
    parts = started[0].app.state.parts
    assert parts.beside.gallery.card.fingerprint == fingerprint_of(read_card(clean_run))
    assert parts.beside.gallery.card.fingerprint != parts.backend.gallery.card.fingerprint


def test_both_models_may_be_code_of_ones_own(
    unfind, started: list[Any], own_run: tuple[Path, str], keys: Path, tmp_path: Path
) -> None:
    run, backbone = own_run
    unfind("gallery", "create", tmp_path / "plain", "--run", run)
    words = ("--create", "--beside", tmp_path / "plain", "--beside-run", run, "--backbone", backbone)
    unfind("serve", tmp_path / "album", "--run", run, "--api-keys", keys, *words)
    assert started[0].app.state.parts.beside is not None


def test_a_second_gallery_needs_its_model(wrong, clean_run: Path, keys: Path, tmp_path: Path) -> None:
    said = wrong("serve", tmp_path / "album", "--run", clean_run, "--api-keys", keys, "--beside", tmp_path / "plain")
    assert "--beside and --beside-run" in said


def test_what_is_missing_is_told(wrong, started: list[Any], clean_run: Path, keys: Path, tmp_path: Path) -> None:
    words = ("serve", tmp_path / "album", "--run", clean_run)
    KeyRing(tmp_path / "none.json").new("gone", "read")
    KeyRing(tmp_path / "none.json").revoke("gone")
    assert "unfind serve key new" in wrong(*words, "--api-keys", tmp_path / "none.json")
    assert "unfind serve key new" in wrong(*words, "--api-keys", tmp_path / "absent.json", "--host=0.0.0.0")
    assert str(tmp_path / "album") in wrong(*words, "--api-keys", keys, code=1)
    (tmp_path / "album").mkdir()
    (tmp_path / "album" / "thesis.txt").write_text("x")
    wrong(*words, "--api-keys", keys, "--create", code=1)
    assert started == []


def test_a_gallery_of_another_model_is_not_served(
    wrong, started: list[Any], clean_run: Path, keys: Path, tmp_path: Path
) -> None:
    Gallery.create(tmp_path / "album", dimension=16, fingerprint="other")
    assert "'other'" in wrong("serve", tmp_path / "album", "--run", clean_run, "--api-keys", keys, code=1)


def test_one_command_is_enough_on_this_machine(
    unfind, started: list[Any], clean_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = unfind("serve", "--run", clean_run)
    key = KeyRing(tmp_path / "api-keys.json").find(said.out.strip())
    assert key is not None
    assert (key.name, key.role) == ("first", "write")
    assert Gallery.open(tmp_path / "gallery").card.fingerprint == fingerprint_of(read_card(clean_run))
    again = unfind("serve", "--run", clean_run)
    assert (again.out, len(started)) == ("", 2)


def test_a_second_writer_is_told_who_holds_the_gallery(
    wrong, unfind, started: list[Any], clean_run: Path, keys: Path, tmp_path: Path
) -> None:
    words = ("serve", tmp_path / "album", "--run", clean_run, "--api-keys", keys)
    unfind(*words, "--create")
    with Gallery.open(tmp_path / "album").writing():
        assert f"process {os.getpid()} is writing" in wrong(*words, code=1)
    assert len(started) == 1


def test_a_server_that_cannot_start_is_told(
    wrong, clean_run: Path, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "run_server", lambda config, when_up: False)
    words = ("serve", tmp_path / "album", "--run", clean_run, "--api-keys", keys, "--create")
    assert "got no start" in wrong(*words, code=1)


def test_keys_are_made_listed_and_revoked(unfind, wrong, tmp_path: Path) -> None:
    where = ("--api-keys", tmp_path / "keys.json")
    key = unfind("serve", "key", "new", "phone", "--role=write", *where).out.strip()
    found = KeyRing(tmp_path / "keys.json").find(key)
    assert found is not None
    assert found.role == "write"
    made = unfind("serve", "key", "new", "page", *where, "--json").json
    assert made["role"] == "read"
    assert [row["name"] for row in unfind("serve", "key", "list", *where, "--json").json] == ["page", "phone"]
    assert key not in unfind("serve", "key", "list", *where).out
    assert unfind("serve", "key", "revoke", "phone", *where).out == "phone revoked.\n"
    assert KeyRing(tmp_path / "keys.json").find(key) is None
    assert "key list" in wrong("serve", "key", "revoke", "phone", *where)
