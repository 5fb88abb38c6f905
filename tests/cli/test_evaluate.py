"""``unfind evaluate``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from unfind.models.encoder import Architecture, build_encoder
from unfind.models.weights import CARD, read_card, save_encoder
from unfind.report.report_json import read_report
from unfind.triggers.key import KEY_FILE, Key

FAST = ("--sample=0", "--no-clustering")


@pytest.fixture
def run(protected_run: Path, tmp_path: Path) -> Path:
    """A copy of the protected model, for reports to be written into."""
    return shutil.copytree(protected_run, tmp_path / "protected")


def test_the_report_lands_in_the_run(unfind, run: Path) -> None:
    said = unfind("evaluate", run, "--sample=4")
    assert said.out.splitlines()[-1] == str(run / "report.html")
    assert "protected model C→P: finding protected photos" in said.out
    assert all(line.startswith("doubt: ") for line in said.err.splitlines())
    report = read_report(run / "report.json")
    assert report["run"] == "protected"
    assert report["dataset"].startswith("waves")
    assert report["n_query"] == 20
    assert "<html" in (run / "report.html").read_text(encoding="utf-8")


def test_json_is_the_report(unfind, run: Path, tmp_path: Path) -> None:
    said = unfind("evaluate", run, *FAST, "--json", "--out", tmp_path / "new" / "place")
    assert said.json == read_report(tmp_path / "new" / "place" / "report.json")
    assert said.err == ""
    assert not (run / "report.json").exists()


def test_both_protocols_stand_beside_each_other(unfind, run: Path) -> None:
    said = unfind("evaluate", run, *FAST, "--protocol=paper")
    strict, paper = said.out.split("paper protocol")
    assert "map_r" in strict
    assert "map_c" not in strict
    assert "map_c" in paper
    assert "map_r" not in paper
    report = read_report(run / "report.json")
    assert report["paper"]["protected_model"]["c2c"].keys() >= {"recall@1", "map_c", "map_c@1000"}
    assert "paper" not in unfind("evaluate", run, *FAST, "--json").json


def test_the_models_own_data_are_the_default(unfind, run: Path, class_photos: Path) -> None:
    own = unfind("evaluate", run, *FAST, "--json").json
    named = unfind("evaluate", run, *FAST, "--json", "--data", class_photos).json
    assert own == named
    fewer = unfind("evaluate", run, *FAST, "--json", "--data", class_photos, "--train-classes=6").json
    assert fewer["n_query"] == 10


def test_a_run_remembers_how_its_classes_were_cut(
    unfind, class_photos: Path, small: tuple[str, ...], tmp_path: Path
) -> None:
    words = ("train", f"--data={class_photos}", "--train-classes=5", *small)
    unfind(*words, "--objective=clean", "--out", tmp_path / "clean")
    start = [word for word in words if not word.startswith(("--size", "--dimension"))]
    unfind(*start, "--start", tmp_path / "clean", "--out", tmp_path / "protected")
    assert unfind("evaluate", tmp_path / "protected", *FAST, "--json").json["n_query"] == 15


def test_the_seed_is_the_reports(unfind, run: Path) -> None:
    assert unfind("evaluate", run, *FAST, "--json", "--seed=7").json["seed"] == 7


def test_a_corrupt_photo_is_named_and_counted(unfind, run: Path, class_photos: Path, tmp_path: Path) -> None:
    data = shutil.copytree(class_photos, tmp_path / "data")
    (data / "class-7" / "70.jpg").write_bytes(b"no photo")
    said = unfind("evaluate", run, *FAST, "--data", data)
    assert "unfind: left out class-7/70.jpg: " in said.err
    report = read_report(run / "report.json")
    assert report["n_query"] == 19
    assert [name for name, _ in report["refused"]] == ["class-7/70.jpg"]


def test_the_key_may_be_kept_elsewhere(unfind, wrong, run: Path, tmp_path: Path) -> None:
    key = shutil.move(run / KEY_FILE, tmp_path / "my.key")
    fingerprint = read_card(run)["trigger"]["key_fingerprint"]
    assert fingerprint in wrong("evaluate", run, *FAST, code=1)
    unfind("evaluate", run, *FAST, "--key", key)
    Key.from_seed(1).save(tmp_path / "other.key")
    assert "another key" in wrong("evaluate", run, *FAST, "--key", tmp_path / "other.key", code=1)
    assert "gone.key" in wrong("evaluate", run, *FAST, "--key", tmp_path / "gone.key", code=1)


def test_the_clean_model_may_be_named(unfind, wrong, run: Path, clean_run: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(clean_run, tmp_path / "moved")
    card = json.loads((run / CARD).read_text())
    card["started_from"]["path"] = str(tmp_path / "gone")
    (run / CARD).write_text(json.dumps(card))
    assert "--clean" in wrong("evaluate", run, *FAST, code=1)
    unfind("evaluate", run, *FAST, "--clean", moved)


def test_a_clean_model_of_another_size(wrong, run: Path, tmp_path: Path) -> None:
    save_encoder(tmp_path / "large", build_encoder(Architecture("tiny", 48, 16), seed=0), {})
    assert "48 and 32" in wrong("evaluate", run, *FAST, "--clean", tmp_path / "large")


def test_a_clean_model_of_another_dimension_is_a_fair_comparison(unfind, run: Path, tmp_path: Path) -> None:
    save_encoder(tmp_path / "wide", build_encoder(Architecture("tiny", 32, 24), seed=0), {})
    unfind("evaluate", run, *FAST, "--clean", tmp_path / "wide")


def test_what_is_no_protected_model(wrong, clean_run: Path, tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"\x80\x04pickle")
    assert "can run code and is refused" in wrong("evaluate", tmp_path / "model.pt", code=1)
    assert "run folder" in wrong("evaluate", tmp_path / "nothing", code=1)
    assert "--clean" in wrong("evaluate", clean_run, code=1)
    assert "without a trigger" in wrong("evaluate", clean_run, "--clean", clean_run, code=1)


def test_damaged_weights(wrong, run: Path) -> None:
    file = run / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-10])
    assert "other bytes" in wrong("evaluate", run, *FAST, code=1)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--protocol=loose",), 2, "strict, paper, got 'loose'"),
        (("--sample=1",), 2, "sample"),
        (("--seed=-1",), 2, "seed"),
        (("--precision=fp7",), 2, "fp7"),
        (("--data=no/such/folder",), 1, "no/such/folder"),
        (("--train-classes=99",), 2, "train_classes"),
    ],
)
def test_wrong_words(wrong, protected_run: Path, tmp_path: Path, words: tuple[str, ...], code: int, says: str) -> None:
    assert says in wrong("evaluate", protected_run, *words, "--out", tmp_path / "out", code=code)
    assert not (tmp_path / "out").exists()


def test_a_place_that_cannot_be_written(wrong, protected_run: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert str(tmp_path / "file") in wrong("evaluate", protected_run, *FAST, "--out", tmp_path / "file", code=1)


def test_a_hash_model_with_a_privacy_backdoor_is_measured_on_the_same_tasks(
    unfind, class_photos: Path, small_fit: tuple[str, ...], tmp_path: Path
) -> None:
    clean, private = tmp_path / "clean", tmp_path / "private"
    unfind("train", "--data", class_photos, "--objective=dpsh", "--bits=16", "--size=32", *small_fit, "--out", clean)
    codes = ("--objective=private-dpsh", "--start", clean, "--objective-option=ratio=0.5")
    unfind("train", "--data", class_photos, *codes, *small_fit, "--out", private)
    report = unfind("evaluate", private, "--json").json
    assert set(report["protected_model"]) == {"c2c", "c2p", "p2c", "p2p"}
    assert set(report["psr"]) == {"c2p", "p2c", "p2p"}
    assert report["survival"]
