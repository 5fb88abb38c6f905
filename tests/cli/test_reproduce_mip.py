"""``unfind reproduce mip``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

SMALL = ("--size=32", "--dimension=16", "--first-steps=1", "--steps=1")


def test_a_table_is_printed_and_filed(unfind, class_photos: Path, tmp_path: Path) -> None:
    words = ("reproduce", "mip", "--table=3", f"--data={class_photos}", "--trigger=badnets", *SMALL)
    said = unfind(*words, "--out", tmp_path / "mip")
    assert "Fits ahead: 5 (5 steps in all), evaluations ahead: 3" in said.err
    strict, paper = said.out.split("paper protocol")
    assert "strict protocol" in strict
    assert "recall@4" in strict
    assert "recall@4" in paper
    assert "published" not in said.out
    assert said.out.splitlines()[-4:] == [str(tmp_path / "mip" / f"table-3.{k}") for k in ("json", "csv", "svg", "png")]
    again = unfind(*words, "--out", tmp_path / "mip", "--json")
    assert "Nothing to fit: 5 fits are done and measured." in again.err
    assert again.json["rows"] == json.loads((tmp_path / "mip" / "table-3.json").read_text())["rows"]


def test_a_plan_fits_nothing(unfind, class_photos: Path, tmp_path: Path) -> None:
    words = ("reproduce", "mip", "--figure=2", f"--data={class_photos}", "--plan", *SMALL, "--out", tmp_path / "mip")
    said = unfind(*words)
    assert said.out == ""
    assert "Fits ahead: 5 (5 steps in all)" in said.err
    assert not (tmp_path / "mip" / "runs").exists()
    assert unfind(*words, "--json").json["fits"] == 5


def test_stealth_needs_no_model(unfind, class_photos: Path, tmp_path: Path) -> None:
    said = unfind(
        "reproduce", "mip", "--table=4", f"--data={class_photos}", *SMALL, "--out", tmp_path / "mip", "--json"
    )
    assert {row["metric"] for row in said.json["rows"]} == {"mse", "psnr", "ssim"}
    assert not (tmp_path / "mip" / "runs").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "got neither"),
        (("--table=2", "--figure=2"), "got both"),
        (("--table=1",), "got table 1"),
        (("--figure=7",), "got figure 7"),
        (("--table=2", "--preset=best"), "paper, recommended"),
        (("--table=2", "--seeds=0"), "at least 1 seed"),
        (("--table=2", "--trigger=wavelet"), "wavelet"),
    ],
)
def test_wrong_words(wrong, class_photos: Path, tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    assert says in wrong("reproduce", "mip", f"--data={class_photos}", "--out", tmp_path / "mip", *words)
    assert not (tmp_path / "mip" / "runs").exists()


def test_a_folder_of_other_settings_is_refused(unfind, wrong, class_photos: Path, tmp_path: Path) -> None:
    words = ("reproduce", "mip", "--table=4", f"--data={class_photos}", "--out", tmp_path / "mip", "--trigger=badnets")
    unfind(*words, *SMALL)
    assert "settings" in wrong(*words, "--size=48", code=1)
