"""Options from a TOML file."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.cli.app import build_app
from unfind.cli.config import options_of, read_config, take_config, with_key
from unfind.cli.options import parse_settings
from unfind.errors import UsageError
from unfind.models.weights import WEIGHTS, read_card
from unfind.training.run_folder import SETTINGS
from unfind.triggers.key import KEY_FILE, Key

VERBS = ("train", "gallery", "key")
VALUES = st.integers(-(2**60), 2**60) | st.booleans() | st.floats(allow_nan=False) | st.text()


def test_options_at_the_top_are_the_verbs() -> None:
    assert options_of({"steps": 3, "size": 32}, ("train",), known=VERBS) == {"steps": 3, "size": 32}


def test_options_under_a_verb_are_that_verbs_alone() -> None:
    document = {"train": {"steps": 3}, "gallery": {"search": {"k": 2}}}
    assert options_of(document, ("train",), known=VERBS) == {"steps": 3}
    assert options_of(document, ("gallery", "search"), known=VERBS) == {"k": 2}
    assert options_of(document, ("gallery", "add"), known=VERBS) == {}
    assert options_of({"train": {"steps": 3}}, ("gallery", "add"), known=VERBS) == {}


def test_an_option_called_like_a_verb_is_an_option() -> None:
    assert options_of({"key": "my.key"}, ("train",), known=VERBS) == {"key": "my.key"}


def test_groups_of_a_run_are_spread_out() -> None:
    document = {"data": "photos", "fit": {"steps": 3}, "architecture": {"size": 32}}
    assert options_of(document, ("train",), known=VERBS) == {"data": "photos", "steps": 3, "size": 32}


def test_other_tables_are_left_for_the_verb_to_refuse() -> None:
    assert options_of({"extra": {"steps": 3}}, ("train",), known=VERBS) == {"extra": {"steps": 3}}


@pytest.mark.parametrize(
    "document", [{"steps": 1, "fit": {"steps": 2}}, {"fit": {"learning_rate": 1.0}, "learning-rate": 2.0}]
)
def test_an_option_given_twice_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="twice"):
        options_of(document, ("train",), known=VERBS)


@settings(deadline=None, max_examples=80)
@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), VALUES))
def test_settings_of_an_objective_become_pairs_that_are_read_back(wanted: dict[str, Any]) -> None:
    document = tomllib.loads(tomli_w.dumps({"objective_options": wanted}))
    found = options_of(document, ("train",), known=VERBS)
    assert parse_settings(found.get("objective_option", [])) == wanted


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("steps = 3\n")
    assert read_config(tmp_path / "a.toml") == {"steps": 3}


@pytest.mark.parametrize("content", [None, b"steps =", b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "a.toml").write_bytes(content)
    with pytest.raises(UsageError, match=r"a\.toml.*--config"):
        read_config(tmp_path / "a.toml")


@pytest.mark.parametrize(
    "words",
    [["train", "--config", "FILE", "--seed", "1"], ["--config", "FILE", "train", "--seed", "1"]],
)
def test_the_file_is_taken_out_of_the_words(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "a.toml").write_text("steps = 3\n")
    file = str(tmp_path / "a.toml")
    found = take_config(build_app(), [file if word == "FILE" else word for word in words])
    assert found == ["train", "--seed", "1"]
    joined = [f"--config={file}" if word == "FILE" else word for word in words if word != "--config"]
    assert take_config(build_app(), joined) == found


def test_words_without_a_file_stay_as_they_are() -> None:
    words = ["train", "--data=a=b", "--key=x"]
    assert take_config(build_app(), words) == words


def test_a_key_beside_the_settings_is_used(tmp_path: Path) -> None:
    named = {"steps": 3, "key_fingerprint": "0123"}
    with pytest.raises(UsageError, match=r"0123.*--key"):
        with_key(named, tmp_path / SETTINGS, given=False)
    Key.from_seed(1).save(tmp_path / KEY_FILE)
    assert with_key(named, tmp_path / SETTINGS, given=False) == {"steps": 3, "key": str(tmp_path / KEY_FILE)}
    assert with_key(named, tmp_path / SETTINGS, given=True) == {"steps": 3}
    assert with_key({"steps": 3}, tmp_path / SETTINGS, given=False) == {"steps": 3}
    assert with_key({**named, "key": "my.key"}, tmp_path / SETTINGS, given=False) == {"steps": 3, "key": "my.key"}


# By way of the command line


@pytest.mark.parametrize("run", ["clean_run", "protected_run"])
def test_a_runs_settings_make_the_run_again(unfind, tmp_path: Path, run: str, request: pytest.FixtureRequest) -> None:
    first: Path = request.getfixturevalue(run)
    unfind("train", "--config", first / SETTINGS, "--out", tmp_path / "again")
    assert (tmp_path / "again" / WEIGHTS).read_bytes() == (first / WEIGHTS).read_bytes()
    assert (tmp_path / "again" / SETTINGS).read_bytes() == (first / SETTINGS).read_bytes()


def test_a_run_goes_on_by_its_own_settings(unfind, protected_run: Path, tmp_path: Path, files_below) -> None:
    run = shutil.copytree(protected_run, tmp_path / "run")
    before = files_below(run)
    unfind("train", "--config", run / SETTINGS, "--out", run, "--resume")
    assert files_below(run) == before


def test_settings_without_their_key_are_refused(wrong, protected_run: Path, tmp_path: Path) -> None:
    alone = shutil.copy(protected_run / SETTINGS, tmp_path)
    assert "--key" in wrong("train", "--config", alone, "--out", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_command_line_wins(unfind, clean_run: Path, tmp_path: Path) -> None:
    unfind("train", "--config", clean_run / SETTINGS, "--out", tmp_path / "run", "--steps=1", "--dimension", 8)
    settings = tomllib.loads((tmp_path / "run" / SETTINGS).read_text())
    assert (settings["fit"]["steps"], settings["architecture"]["dimension"]) == (1, 8)
    assert settings["fit"]["classes_per_batch"] == 4
    assert read_card(tmp_path / "run")["architecture"]["dimension"] == 8


@pytest.mark.parametrize("layout", ["top", "verb", "hyphens", "group"])
def test_a_file_of_ones_own(unfind, class_photos: Path, tmp_path: Path, layout: str) -> None:
    options = {"size": 32, "dimension": 16, "steps": 1, "classes_per_batch": 4}
    document: dict[str, Any] = {"data": str(class_photos), "objective": "clean", **options}
    if layout == "hyphens":
        document = {name.replace("_", "-"): value for name, value in document.items()}
    if layout == "group":
        document = {"data": str(class_photos), "objective": "clean", "architecture": {"size": 32, "dimension": 16}}
        document |= {"fit": {"steps": 1, "classes_per_batch": 4}}
    if layout == "verb":
        document = {"train": document, "evaluate": {"sample": 0}}
    (tmp_path / "own.toml").write_text(tomli_w.dumps(document))
    unfind("train", "--config", tmp_path / "own.toml", "--out", tmp_path / "run")
    assert tomllib.loads((tmp_path / "run" / SETTINGS).read_text())["fit"]["classes_per_batch"] == 4


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('data = "x"\nbogus = 3', "bogus"),
        ('[train]\ndata = "x"\nbogus = 3', "bogus"),
        ('data = "x"\n[extra]\nsteps = 3', "extra"),
        ('data = "x"\nsteps = "many"', "many"),
        ('data = "x"\nsteps = 3\n[fit]\nsteps = 3', "twice"),
        ("[evaluate]\nsample = 3", "--data"),
        ("data = ", "TOML"),
    ],
)
def test_what_a_file_may_not_say(wrong, tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "own.toml").write_text(text)
    assert says in wrong("train", "--config", tmp_path / "own.toml", "--out", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_file_must_be_named_and_be_there(wrong, tmp_path: Path) -> None:
    assert "name a TOML file" in wrong("train", "--config")
    assert "gone.toml" in wrong("train", "--config", tmp_path / "gone.toml")
