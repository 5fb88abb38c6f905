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


def test_doubts_are_told_in_sentences(unfind, class_photos: Path, tmp_path: Path) -> None:
    words = ("reproduce", "mip", "--doubts", f"--data={class_photos}", "--trigger=badnets", *SMALL)
    said = unfind(*words, "--out", tmp_path / "mip")
    assert "Fits ahead: 7 (7 steps in all)" in said.err  # the two confounded ones among them
    for words_of_a_finding in ("The mark came with JPEG", "P→P is the weak cell", "as many other marked photos"):
        assert words_of_a_finding in said.out
    assert (tmp_path / "mip" / "doubts.csv").exists()


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
    measured = {row["trigger"] for row in said.json["rows"] if row["protocol"] == "measured"}
    assert measured == {"spread-spectrum", "badnets", "blended", "wanet", "learned"}
    assert not (tmp_path / "mip" / "runs").exists()


def test_numbers_that_are_no_scores_are_printed_as_they_are(unfind, class_photos: Path, tmp_path: Path) -> None:
    words = ("reproduce", "mip", "--table=4", f"--data={class_photos}", *SMALL, "--out", tmp_path / "mip")
    said = unfind(*words, "--trigger=badnets")
    ours, paper = [line.split() for line in said.out.splitlines() if line.startswith("badnets")]
    assert 5 < float(ours[3]) < 60  # dB
    assert 0 < float(ours[4]) <= 1
    assert paper == ["badnets", "published", "114.14", "29.64", "0.99"]


def test_side_networks_take_the_place_of_tuned_weights(unfind, class_photos: Path, tmp_path: Path) -> None:
    words = ("reproduce", "mip", "--figure=2", f"--data={class_photos}", "--trigger=learned", "--beside", *SMALL)
    said = unfind(*words, "--out", tmp_path / "mip", "--plan")
    assert "Fits ahead: 5 (63 steps in all)" in said.err  # 30 for each side network, 1 for each other


def test_all_triggers_take_part_where_none_is_named(unfind, class_photos: Path, tmp_path: Path) -> None:
    words = ("reproduce", "mip", "--table=2", f"--data={class_photos}", "--plan", *SMALL, "--json")
    assert unfind(*words, "--out", tmp_path / "mip").json["fits"] == 2 + 3 * 5


def test_runs_are_taken_over(unfind, class_photos: Path, tmp_path: Path) -> None:
    words = ("reproduce", "mip", "--figure=10", f"--data={class_photos}", *SMALL, "--trigger=badnets")
    unfind(*words, "--out", tmp_path / "one")
    again = unfind(*words, "--out", tmp_path / "two", "--reuse", tmp_path / "one")
    assert "took over 3 fits" in again.err
    assert "Fits ahead: 0" in again.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "got none"),
        (("--table=2", "--figure=2"), "got table-2, figure-2"),
        (("--table=2", "--doubts"), "got table-2, doubts"),
        (("--table=6",), "got table 6"),
        (("--figure=7",), "got figure 7"),
        (("--table=2", "--preset=best"), "paper, recommended"),
        (("--table=2", "--seeds=0"), "at least 1 seed"),
        (("--table=2", "--trigger=wavelet"), "wavelet"),
        (("--table=2", "--trigger=wanet", "--beside"), "which a side network can read, got wanet"),
        (("--table=2", "--learning-side"), "take --beside"),
        (("--figure=11", "--defended=1"), "at least 2 photos"),
        (("--table=2", "--codewords=64"), "take --beside"),
    ],
)
def test_wrong_words(wrong, class_photos: Path, tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    assert says in wrong("reproduce", "mip", f"--data={class_photos}", "--out", tmp_path / "mip", *words)
    assert not (tmp_path / "mip" / "runs").exists()


def test_a_folder_of_other_settings_is_refused(unfind, wrong, class_photos: Path, tmp_path: Path) -> None:
    words = ("reproduce", "mip", "--table=4", f"--data={class_photos}", "--out", tmp_path / "mip", "--trigger=badnets")
    unfind(*words, *SMALL)
    assert "settings" in wrong(*words, "--size=48", code=1)
