"""``unfind train``."""

from __future__ import annotations

import errno
import os
import shutil
import tomllib
from pathlib import Path

import pytest

from unfind.models.weights import WEIGHTS, read_card
from unfind.training.checkpoint_file import FILE as CHECKPOINT
from unfind.training.run_folder import SETTINGS
from unfind.triggers.key import Key

PBL = ("--objective-option=ratio=0.5", "--trigger=spread-spectrum")


@pytest.fixture
def clean(class_photos: Path, small: tuple[str, ...]) -> tuple[str, ...]:
    """The words that made the session's clean run, without --out."""
    return ("train", f"--data={class_photos}", "--objective=clean", *small)


@pytest.fixture
def pbl(class_photos: Path, clean_run: Path, small_fit: tuple[str, ...]) -> tuple[str, ...]:
    """The words that made the session's protected run, without --out."""
    return ("train", f"--data={class_photos}", f"--start={clean_run}", *PBL, *small_fit)


def test_a_clean_model_and_a_protected_one(unfind, clean, pbl, clean_run: Path, tmp_path: Path) -> None:
    said = unfind(*clean, "--out", tmp_path / "clean")
    assert said.err == ""
    assert said.out.splitlines()[-1] == str(tmp_path / "clean")
    assert "recall@1" in said.out
    assert (tmp_path / "clean" / WEIGHTS).read_bytes() == (clean_run / WEIGHTS).read_bytes()
    said = unfind(*pbl, "--out", tmp_path / "protected")
    assert "P→P" in said.out
    assert read_card(tmp_path / "protected")["trigger"]["name"] == "spread-spectrum"


def test_protecting_takes_the_faint_mark_and_leaves_the_model_unless_told(
    unfind, class_photos: Path, clean_run: Path, small_fit: tuple[str, ...], tmp_path: Path
) -> None:
    unfind("train", f"--data={class_photos}", f"--start={clean_run}", *small_fit, "--out", tmp_path / "protected")
    card = read_card(tmp_path / "protected")
    assert card["trigger"]["name"] == "learned"
    assert card["architecture"]["learning_side"]


def test_json_is_the_one_thing_said(unfind, clean, tmp_path: Path) -> None:
    said = unfind(*clean, "--out", tmp_path / "run", "--json")
    assert said.err == ""
    assert said.json["run"] == str(tmp_path / "run")
    assert said.json["best_step"] == read_card(tmp_path / "run")["step"]
    assert said.json["validation"] == read_card(tmp_path / "run")["validation"]
    assert said.json["seconds_per_step"] > 0
    assert said.json["refused"] == []


def test_options_reach_the_run(unfind, pbl, tmp_path: Path) -> None:
    Key.from_seed(2).save(tmp_path / "my.key")
    more = ("--trigger-option", "strength=0.5", "--trigger-option", "carriers=40", "--key", tmp_path / "my.key")
    unfind(*pbl, *more, "--no-jpeg", "--seed=3", "--out", tmp_path / "run")
    settings = tomllib.loads((tmp_path / "run" / SETTINGS).read_text())
    assert settings["trigger_options"] == {"strength": 0.5, "carriers": 40}
    assert settings["fit"]["jpeg"] is False
    assert settings["fit"]["seed"] == 3
    assert read_card(tmp_path / "run")["trigger"]["key_fingerprint"] == Key.from_seed(2).fingerprint


def instead(words: tuple[str, ...], *others: str) -> list[str]:
    """The words, with others in place of those that set the same option."""
    names = {word.partition("=")[0] for word in others}
    return [word for word in words if word.partition("=")[0] not in names] + list(others)


# Bad photos


@pytest.mark.parametrize(
    ("kind", "says"), [("empty", "holds none"), ("one class", "6 classes"), ("lonely", "6 classes")]
)
def test_folders_that_are_not_enough(wrong, small, class_photos: Path, tmp_path: Path, kind: str, says: str) -> None:
    data = tmp_path / "data"
    data.mkdir()
    if kind == "one class":
        shutil.copytree(class_photos / "class-0", data / "class-0")
    if kind == "lonely":
        for label in range(8):
            (data / f"class-{label}").mkdir()
            shutil.copy(class_photos / f"class-{label}" / f"{label}0.jpg", data / f"class-{label}")
    words = ("train", "--data", data, "--objective=clean", *small, "--out", tmp_path / "run")
    assert says in wrong(*words, code=1)
    assert not (tmp_path / "run").exists()


def test_a_corrupt_file_among_many_is_named_skipped_and_counted(
    unfind, small, class_photos: Path, tmp_path: Path
) -> None:
    data = shutil.copytree(class_photos, tmp_path / "data")
    (data / "class-0" / "00.jpg").write_bytes(b"no photo")
    words = ("train", "--data", data, "--objective=clean", *small)
    said = unfind(*words, "--out", tmp_path / "run")
    assert said.err.startswith("unfind: left out class-0/00.jpg: ")
    assert said.err.count("\n") == 1
    assert read_card(tmp_path / "run")["data"]["refused"] == 1
    again = unfind(*words, "--out", tmp_path / "again", "--json")
    assert [name for name, _ in again.json["refused"]] == ["class-0/00.jpg"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is unreadable to the superuser")
def test_a_folder_that_may_not_be_read(wrong, small, class_photos: Path, tmp_path: Path) -> None:
    data = shutil.copytree(class_photos, tmp_path / "data")
    (data / "class-0").chmod(0)
    try:
        sentence = wrong("train", "--data", data, "--objective=clean", *small, "--out", tmp_path / "run", code=1)
    finally:
        (data / "class-0").chmod(0o700)
    assert "class-0" in sentence


# Wrong words


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--objective=ghost",), 2, "clean, label, pbl, cbl"),
        (("--objective=retrofit",), 2, "untrained head"),
        (("--objective=pbl", "--objective-option=rato=1"), 2, "rato"),
        (("--objective=pbl", "--objective-option=ratio=abc"), 2, "pbl"),
        (("--objective=pbl", "--objective-option=ratio"), 2, "NAME=VALUE"),
        (("--objective=pbl", "--trigger=ghost"), 2, "spread-spectrum, badnets, blended"),
        (("--objective=pbl", "--trigger-option=loud=1"), 2, "loud"),
        (("--backbone=ghost",), 2, "small-resnet, timm:NAME"),
        (("--backbone=no/such.py:net",), 1, "no/such.py"),
        (("--data=no/such/folder",), 1, "no/such/folder"),
        (("--data=cub200:",), 2, "cub200"),
        (("--data=ghost:ROOT",), 2, "ghost"),
        (("--steps=0",), 2, "steps"),
        (("--size=5",), 2, "16"),
        (("--precision=fp7",), 2, "fp32"),
        (("--train-classes=1",), 2, "train_classes"),
        (("--key=no/such.key",), 1, "no/such.key"),
        (("--start=no/such/model",), 1, "no/such/model"),
        (("--resume",), 1, "without --resume"),
    ],
)
def test_what_cannot_be_right_leaves_nothing(
    wrong, clean, tmp_path: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    assert says in wrong(*instead(clean, *words), "--out", tmp_path / "run", code=code)
    assert not (tmp_path / "run").exists()


def test_a_clean_objective_takes_no_key(wrong, clean, tmp_path: Path, protected_run: Path) -> None:
    words = ("--key", protected_run / "trigger.key", "--out", tmp_path / "run")
    assert "no trigger" in wrong(*clean, *words)


@pytest.mark.parametrize("name", ["model.pt", "model.pkl", "model.safetensors"])
def test_a_file_is_no_model_to_start_from(wrong, pbl, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x80\x04pickle")
    sentence = wrong(*instead(pbl, f"--start={tmp_path / name}"), "--out", tmp_path / "run", code=1)
    assert "pickled checkpoint" in sentence


def test_weights_of_another_architecture(wrong, pbl, clean_run: Path, tmp_path: Path) -> None:
    model = shutil.copytree(clean_run, tmp_path / "model")
    card = (model / "model.json").read_text()
    (model / "model.json").write_text(card.replace('"dimension": 16', '"dimension": 24'))
    assert "another architecture" in wrong(*instead(pbl, f"--start={model}"), "--out", tmp_path / "run", code=1)


def test_a_start_of_another_size(wrong, pbl, tmp_path: Path) -> None:
    assert "size 32, 16 dimensions" in wrong(*pbl, "--size=48", "--out", tmp_path / "run")


# A run folder in use


@pytest.fixture
def used(protected_run: Path, tmp_path: Path) -> Path:
    return shutil.copytree(protected_run, tmp_path / "used")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "--resume"),
        (("--steps=9", "--resume"), "settings"),
        (("--seed=9", "--resume"), "settings"),
        (("--trigger-option=strength=0.5", "--resume"), "settings"),
    ],
)
def test_a_used_folder_is_left_as_it_is(wrong, pbl, used: Path, files_below, words: tuple[str, ...], says: str) -> None:
    before = files_below(used)
    assert says in wrong(*instead(pbl, *words), "--out", used, code=1)
    assert files_below(used) == before


def test_resume_takes_no_other_key(wrong, pbl, used: Path, tmp_path: Path, files_below) -> None:
    Key.from_seed(2).save(tmp_path / "my.key")
    before = files_below(used)
    assert "settings" in wrong(*pbl, "--resume", "--key", tmp_path / "my.key", "--out", used, code=1)
    assert files_below(used) == before


@pytest.mark.parametrize("damage", ["cut", "pickle"])
def test_a_damaged_checkpoint(wrong, pbl, used: Path, damage: str) -> None:
    data = (used / CHECKPOINT).read_bytes()
    (used / CHECKPOINT).write_bytes(data[:1000] if damage == "cut" else b"\x80\x04pickle")
    assert "readable checkpoint" in wrong(*pbl, "--resume", "--out", used, code=1)


def test_a_full_disk_loses_nothing(
    unfind, wrong, clean, clean_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, sync, written = tmp_path / "run", os.fsync, []
    model = (clean_run / WEIGHTS).stat().st_size

    def full(descriptor: int) -> None:
        if os.fstat(descriptor).st_size > 2 * model:  # a checkpoint holds three numbers for each weight
            written.append(descriptor)
            if len(written) > 1:
                raise OSError(errno.ENOSPC, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr("unfind.atomic_file.os.fsync", full)
    sentence = wrong(*clean, "--out", run, code=1)
    assert "the one before is intact" in sentence
    assert "No space left" in sentence
    monkeypatch.setattr("unfind.atomic_file.os.fsync", sync)
    unfind(*clean, "--out", run, "--resume")
    assert (run / WEIGHTS).read_bytes() == (clean_run / WEIGHTS).read_bytes()


def test_bits_make_a_hash_model(unfind, class_photos: Path, small_fit: tuple[str, ...], tmp_path: Path) -> None:
    words = ("train", f"--data={class_photos}", "--objective=dpsh", "--size=32", *small_fit)
    unfind(*words, "--bits=16", "--out", tmp_path / "bits")
    unfind(*words, "--head=hash", "--dimension=16", "--out", tmp_path / "long")
    architecture = read_card(tmp_path / "bits")["architecture"]
    assert (architecture["head"], architecture["dimension"]) == ("hash", 16)
    assert (tmp_path / "bits" / WEIGHTS).read_bytes() == (tmp_path / "long" / WEIGHTS).read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--objective=dpsh",), "add --bits 48"),
        (("--objective=csq", "--bits=47"), "multiple of 8 bits from 8 to 1024, got 47"),
        (("--objective=hashnet", "--bits=16", "--dimension=32"), "--bits or --dimension, got 16 and 32"),
        (("--objective=clean", "--bits=16"), "Expected no codes for clean"),
    ],
)
def test_codes_that_cannot_be(wrong, class_photos: Path, words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    assert said in wrong("train", f"--data={class_photos}", "--size=32", *words, "--out", tmp_path / "run")
