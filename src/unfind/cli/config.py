"""Options from a TOML file: one that a person wrote, or the settings.toml of a run."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import tomli_w
from cyclopts import App
from cyclopts.argument import ArgumentCollection
from cyclopts.config import Dict

from unfind.errors import UsageError
from unfind.triggers.key import FINGERPRINT, KEY_FILE

GROUPS = ("architecture", "fit")
"""Tables of a run's settings whose entries are options of their own."""
PAIRS = {"objective_options": "objective_option", "trigger_options": "trigger_option"}
"""Tables of a run's settings that the command line takes as NAME=VALUE pairs, and the option that takes them."""


def take_config(app: App, arguments: Sequence[str]) -> list[str]:
    """Take ``--config FILE`` out of the arguments and make what the file says the verb's defaults.

    Args:
        app: the command line; the file is asked for once the verb is known.
        arguments: the words after ``unfind``.

    Returns:
        The other words.

    Raises:
        UsageError: --config without a file, or a file that is absent or not TOML.
    """
    words = [part for word in arguments for part in _parted(word)]
    if "--config" not in words:
        return list(arguments)
    place = words.index("--config")
    if place + 1 >= len(words):
        raise UsageError("Expected a file after --config, got nothing: name a TOML file.")
    path = Path(words[place + 1])
    del words[place : place + 2]
    document, known = read_config(path), tuple(app)

    def configure(app: App, verb: tuple[str, ...], arguments: ArgumentCollection) -> None:
        options = with_key(options_of(document, verb, known=known), path, given="--key" in words)
        # Under the verb's own words: at the top an option would give way to a verb of the same name, such as key.
        nested = reduce(lambda inner, word: {word: inner}, reversed(verb), options)
        Dict(nested, source=str(path))(app, verb, arguments)

    app.config = (configure,)
    return words


def read_config(path: Path) -> dict[str, Any]:
    """The document of a TOML file.

    Raises:
        UsageError: the file is absent or not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"Expected a TOML file at {path}, got '{reason}': check the file after --config.") from error


def options_of(document: Mapping[str, Any], verb: Sequence[str], *, known: Sequence[str]) -> dict[str, Any]:
    """The options that a document holds for a verb: those in the verb's table, or at its top.

    Args:
        document: of a TOML file.
        verb: the words of the command, such as ("gallery", "search").
        known: the first words of all commands; a document with a table for one of them is sorted by verbs.

    Raises:
        UsageError: an option stands both in a group and beside it.
    """
    table: Mapping[str, Any] = document
    if any(isinstance(document.get(word), dict) for word in known):
        for word in verb:
            table = table.get(word, {})
    return _flat(table)


def with_key(options: Mapping[str, Any], path: Path, *, given: bool) -> dict[str, Any]:
    """The options with the key that a run's settings name, which lies beside them.

    Args:
        options: of a verb.
        path: the file they come from.
        given: whether the command line names a key, which wins.

    Raises:
        UsageError: the settings name a key that is neither given nor beside them.
    """
    found = dict(options)
    fingerprint = found.pop(FINGERPRINT, None)
    beside = path.with_name(KEY_FILE)
    if fingerprint is None or given or "key" in found:
        return found
    if not beside.is_file():
        raise UsageError(f"Expected the key {fingerprint} that {path} names, got none beside it: give it with --key.")
    return {**found, "key": str(beside)}


def _flat(table: Mapping[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for name, value in table.items():
        found = {name: value}
        if name in GROUPS and isinstance(value, dict):
            found = value
        elif name in PAIRS and isinstance(value, dict):
            found = {PAIRS[name]: [_pair(*pair) for pair in value.items()]} if value else {}
        found = {name.replace("-", "_"): value for name, value in found.items()}
        twice = options.keys() & found.keys()
        if twice:
            raise UsageError(f"Expected each option once, got '{min(twice)}' twice in the TOML file: drop one.")
        options |= found
    return options


def _pair(name: str, value: Any) -> str:
    """NAME=VALUE, with the value as TOML writes it."""
    return f"{name}={tomli_w.dumps({'value': value}).removeprefix('value = ').strip()}"


def _parted(word: str) -> list[str]:
    """``--config=FILE`` and ``--key=FILE`` as two words."""
    name, equals, value = word.partition("=")
    return [name, value] if equals and name in ("--config", "--key") else [word]
