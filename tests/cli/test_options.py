"""Options that several verbs share."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.cli.options import parse_settings, read_key
from unfind.errors import KeyFileError, UsageError
from unfind.triggers.key import Key

NAMES = st.text(string.ascii_letters + "_", min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("pair", "name", "value"),
    [
        ("ratio=0.3", "ratio", 0.3),
        ("carriers=48", "carriers", 48),
        ("twins=true", "twins", True),
        ("miner=random", "miner", "random"),
        ('miner="random"', "miner", "random"),
        ("  domain-weight = 1e-1 ", "domain_weight", 0.1),
        ("name=a=b", "name", "a=b"),
        ("list=[1, 2]", "list", [1, 2]),
        ("empty=", "empty", ""),
    ],
)
def test_values_are_read_as_in_toml_and_words_as_text(pair: str, name: str, value: Any) -> None:
    found = parse_settings([pair])
    assert found == {name: value}
    assert type(found[name]) is type(value)


@pytest.mark.parametrize("pair", ["ratio", "=0.3", "  =1", ""])
def test_no_pair(pair: str) -> None:
    with pytest.raises(UsageError, match="NAME=VALUE"):
        parse_settings([pair])


@settings(deadline=None, max_examples=80)
@given(st.dictionaries(NAMES, st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)))
def test_what_was_written_is_read(wanted: dict[str, Any]) -> None:
    texts = {name: str(value).lower() if isinstance(value, bool) else repr(value) for name, value in wanted.items()}
    pairs = [f"{name}={text}" for name, text in texts.items()]
    assert parse_settings(pairs) == wanted


@settings(deadline=None, max_examples=80)
@given(st.text())
def test_any_text_is_a_pair_or_an_error(text: str) -> None:
    try:
        found = parse_settings([text])
    except UsageError:
        return
    assert len(found) == 1


def test_later_pairs_win() -> None:
    assert parse_settings(["a=1", "a=2"]) == {"a": 2}


def test_a_key_is_read_where_one_is_named(tmp_path: Path) -> None:
    Key.from_seed(1).save(tmp_path / "my.key")
    assert read_key(tmp_path / "my.key") == Key.from_seed(1)
    assert read_key(None) is None
    with pytest.raises(KeyFileError, match="gone"):
        read_key(tmp_path / "gone.key")
