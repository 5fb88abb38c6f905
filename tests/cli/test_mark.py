"""``unfind mark``, and the mark in ``unfind protect`` and ``unfind verify``."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from unfind.models.mark_decoder import MarkDecoder
from unfind.models.mark_encoder import MarkEncoder
from unfind.models.mark_weights import save_mark
from unfind.triggers.key import Key

SMALL = ("--steps=2", "--batch=4", "--canvas=128", "--check-every=1", "--precision=fp32", "--generated=15")


@pytest.fixture
def key(tmp_path: Path) -> Path:
    Key.from_seed(1).save(tmp_path / "my.key")
    return tmp_path / "my.key"


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """A loud mark that nobody trained."""
    save_mark(tmp_path / "mark", MarkEncoder(160), MarkDecoder(160), {"strength": 2.0})
    return tmp_path / "mark"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    coarse = Image.effect_noise((9, 7), 60).convert("RGB")
    coarse.resize((360, 280), Image.Resampling.BICUBIC).save(tmp_path / "photo.jpg", quality=92)
    return tmp_path / "photo.jpg"


def test_train_leaves_a_mark_and_tells_its_figures(unfind, class_photos: Path, tmp_path: Path) -> None:
    said = unfind("mark", "train", "--data", class_photos, *SMALL, "--out", tmp_path / "m", "--json")
    assert said.json["mark"] == str(tmp_path / "m")
    assert said.json["held_out"].keys() >= {"untouched", "jpeg75", "jpeg50", "psnr", "presence", "strength"}
    shown = unfind("mark", "show", tmp_path / "m", "--json").json
    assert shown["encoder_gmac"] <= 2
    assert shown["megabytes"] <= 8
    assert shown["held_out"] == {n: v for n, v in said.json["held_out"].items() if n != "strength"}


def test_train_for_people(unfind, tmp_path: Path) -> None:
    said = unfind("mark", "train", *SMALL, "--out", tmp_path / "m")
    assert "jpeg75" in said.out
    assert said.out.splitlines()[-1] == str(tmp_path / "m")
    assert "working_size" in unfind("mark", "show", tmp_path / "m").out


def test_harden_leaves_the_mark_with_a_second_decoder(unfind, mark: Path, class_photos: Path, tmp_path: Path) -> None:
    few = ("--data", class_photos, "--steps=2", "--batch=4", "--check-every=1", "--precision=fp32")
    said = unfind("mark", "harden", mark, *few, "--out", tmp_path / "h", "--json").json
    assert said["mark"] == str(tmp_path / "h")
    assert said["second_decoder"].keys() == said["decoder"].keys() >= {"median 7", "nlm 20", "none"}
    assert "second_decoder" in unfind("mark", "show", tmp_path / "h", "--json").json
    assert "second_decoder" not in unfind("mark", "show", mark, "--json").json
    assert "--resume" in unfind("mark", "harden", mark, *few, "--out", tmp_path / "h", code=1).sentence
    people = unfind("mark", "harden", mark, *few, "--out", tmp_path / "h", "--resume")
    assert "median 7" in people.out
    assert people.out.splitlines()[-1] == str(tmp_path / "h")
    assert "another folder" in unfind("mark", "harden", mark, *few, "--out", mark, code=2).sentence


def test_train_resumes_and_never_overwrites(unfind, tmp_path: Path) -> None:
    unfind("mark", "train", *SMALL, "--out", tmp_path / "m")
    assert "--resume" in unfind("mark", "train", *SMALL, "--out", tmp_path / "m", code=1).sentence
    unfind("mark", "train", *SMALL, "--out", tmp_path / "m", "--resume")


@pytest.mark.parametrize("words", [("--steps=0",), ("--strength-end=7",), ("--generated=0",)])
def test_wrong_numbers_are_wrong_use(unfind, tmp_path: Path, words: tuple[str, ...]) -> None:
    unfind("mark", "train", *words, "--out", tmp_path / "m", code=2)
    assert not (tmp_path / "m").exists()


def test_no_mark_to_show(unfind, tmp_path: Path) -> None:
    assert "Expected a mark's card" in unfind("mark", "show", tmp_path, code=1).sentence


def test_a_photo_is_protected_and_verified_with_a_mark(
    unfind, photo: Path, key: Path, mark: Path, tmp_path: Path
) -> None:
    [done] = unfind("protect", photo, "--key", key, "--mark", mark, "--out", tmp_path / "out", "--json").json
    assert done["false_alarm"] < 1e-6
    assert done["times_as_strong"] >= 1
    [seen] = unfind("verify", done["target"], "--key", key, "--mark", mark, "--json").json
    assert seen["marked"]
    assert seen["owner"] == 0
    assert 0 <= seen["nonce"] < 2**32
    [plain] = unfind("verify", photo, "--key", key, "--mark", mark, "--json", code=3).json
    assert (plain["marked"], plain["owner"], plain["nonce"]) == (False, None, None)
    again = unfind("protect", done["target"], "--key", key, "--mark", mark, "--out", tmp_path / "twice", code=1)
    assert "protected already" in again.sentence


def test_another_key_sees_no_mark(unfind, photo: Path, key: Path, mark: Path, tmp_path: Path) -> None:
    unfind("protect", photo, "--key", key, "--mark", mark, "--out", tmp_path / "out")
    Key.from_seed(2).save(tmp_path / "other.key")
    unfind("verify", tmp_path / "out", "--key", tmp_path / "other.key", "--mark", mark, code=3)


def test_a_mark_for_a_model_of_another_trigger_is_wrong_use(
    unfind, photo: Path, protected_run: Path, mark: Path, tmp_path: Path
) -> None:
    said = unfind("protect", photo, "--run", protected_run, "--mark", mark, "--out", tmp_path / "out", code=2)
    assert "leave it out" in said.sentence


def test_a_folder_without_a_mark_is_told(unfind, photo: Path, key: Path, tmp_path: Path) -> None:
    said = unfind("protect", photo, "--key", key, "--mark", tmp_path, "--out", tmp_path / "out", code=1)
    assert "Expected a mark's card" in said.sentence
