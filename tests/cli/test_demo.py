"""``unfind demo``."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from unfind.images.edits import EDITS
from unfind.report.report_json import read_report


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model and a number of edits that make the story a matter of seconds."""
    monkeypatch.setattr("unfind.studies.demo.SIZE", 32)
    monkeypatch.setattr("unfind.studies.evaluate.EDITS", {"jpeg75": EDITS["jpeg75"]})


@pytest.fixture
def flat(class_photos: Path, tmp_path: Path) -> Path:
    """One folder of photos that nobody has sorted."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for label in range(7):
        shutil.copy(class_photos / f"class-{label}" / f"{label}0.jpg", folder / f"photo{label}.jpg")
    return folder


def test_class_folders(unfind, class_photos: Path, tmp_path: Path) -> None:
    said = unfind("demo", "--photos", class_photos, "--out", tmp_path / "story", "--steps=2")
    assert said.out.splitlines()[-1] == str(tmp_path / "story" / "report.html")
    assert (tmp_path / "story" / "report.html").exists()
    assert read_report(tmp_path / "story" / "report.json")["n_query"] == 20
    assert "clean model C→C" in said.out
    # These photos are too small for the mark.
    assert said.err.startswith("unfind: 4 of 4 photos could not be protected, such as ")
    assert said.err.count("\n") == 1


def test_one_folder_with_a_bad_photo_among_many(unfind, flat: Path, tmp_path: Path) -> None:
    (flat / "photo9.jpg").write_bytes(b"no photo")  # in the test part, which is sorted last
    said = unfind("demo", "--photos", flat, "--out", tmp_path / "story", "--steps=2", "--json")
    assert said.json == read_report(tmp_path / "story" / "report.json")
    assert said.json["n_query"] % 8 == 0
    assert said.err.startswith("unfind: left out photo9.jpg: ")
    assert said.err.count("\n") == 1


def test_a_folder_in_use_is_left_alone(wrong, class_photos: Path, tmp_path: Path, files_below) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    sentence = wrong("demo", "--photos", class_photos, "--out", tmp_path)
    assert "--out" in sentence
    assert files_below(tmp_path) == {"mine.txt": b"mine"}
    wrong("demo", "--photos", class_photos, "--out", tmp_path / "mine.txt")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [(("--steps=0",), 2, "steps"), (("--seed=-1",), 2, "seed"), (("--photos=no/such/folder",), 1, "no/such/folder")],
)
def test_wrong_words_leave_nothing(
    wrong, class_photos: Path, tmp_path: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    photos = [] if words[0].startswith("--photos") else [f"--photos={class_photos}"]
    assert says in wrong("demo", *photos, *words, "--out", tmp_path / "story", code=code)
    assert not (tmp_path / "story").exists()


def test_too_few_photos(wrong, flat: Path, tmp_path: Path) -> None:
    for file in sorted(flat.iterdir())[3:]:
        file.unlink()
    assert "3 among 24 photos" in wrong("demo", "--photos", flat, "--out", tmp_path / "story", code=1)
