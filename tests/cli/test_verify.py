"""``unfind verify``: exit code 0 when every photo is marked, 3 when one is not, 1 when one cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from unfind.studies.protect import protect_files
from unfind.triggers.badnets import BadNets
from unfind.triggers.key import KEY_FILE, Key
from unfind.triggers.spread_spectrum import SpreadSpectrum

WAVES = ("--mark", "spread-spectrum")
"""What photos as small as those of these tests can carry."""


@pytest.fixture
def key(tmp_path: Path) -> Path:
    Key.from_seed(1).save(tmp_path / "my.key")
    return tmp_path / "my.key"


@pytest.fixture
def marked(photos: list[Path], tmp_path: Path) -> Path:
    protect_files(photos[:2], tmp_path / "marked", SpreadSpectrum(Key.from_seed(1)))
    return tmp_path / "marked"


def test_all_are_marked(unfind, marked: Path, key: Path) -> None:
    said = unfind("verify", marked, "--key", key, *WAVES, code=0)
    assert Key.from_seed(1).fingerprint in said.out
    assert [line.split()[1] for line in said.out.splitlines()[2:]] == ["yes", "yes"]
    assert said.err == ""


def test_one_is_not(unfind, marked: Path, photos: list[Path], key: Path) -> None:
    said = unfind("verify", marked, photos[3], "--key", key, *WAVES, code=3)
    assert sorted(line.split()[1] for line in said.out.splitlines()[2:]) == ["no", "yes", "yes"]
    assert said.err == ""


def test_it_says_which_mark_it_looked_for(unfind, marked: Path, key: Path) -> None:
    said = unfind("verify", marked, "--key", key, code=3)
    assert said.out.startswith(f"The learned mark of key {Key.from_seed(1).fingerprint}")
    assert said.err == "unfind: Only the learned mark was looked for: name another with --mark.\n"
    named = unfind("verify", marked, "--key", key, "--mark", "shipped", code=3)
    assert named.err == ""
    found = unfind("verify", marked, "--key", key, *WAVES, "--json").json
    assert {one["mark"] for one in found} == {"spread-spectrum"}


def test_marks_of_another_key_do_not_count(unfind, marked: Path, tmp_path: Path) -> None:
    Key.from_seed(2).save(tmp_path / "other.key")
    unfind("verify", marked, "--key", tmp_path / "other.key", *WAVES, code=3)


def test_one_cannot_be_read(unfind, marked: Path, photos: list[Path], key: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    said = unfind("verify", marked, photos[3], tmp_path / "bad.jpg", "--key", key, *WAVES, code=1)
    assert said.err.startswith(f"unfind: {tmp_path / 'bad.jpg'}: ")
    assert said.err.count("\n") == 1
    assert "unreadable" in said.out


def test_json_is_one_document(unfind, marked: Path, photos: list[Path], key: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    said = unfind("verify", marked, photos[3], tmp_path / "bad.jpg", "--key", key, *WAVES, "--json", code=1)
    by_name = {Path(one["file"]).name: one for one in said.json}
    assert by_name[photos[0].name]["marked"] is True
    assert by_name[photos[0].name]["false_alarm"] < 1e-6
    assert by_name[photos[3].name]["marked"] is False
    assert by_name["bad.jpg"]["marked"] is None
    assert "bad.jpg" in by_name["bad.jpg"]["problem"]
    assert {one["key"] for one in said.json} == {Key.from_seed(1).fingerprint}


def test_a_runs_key(unfind, protected_run: Path, photos: list[Path], tmp_path: Path) -> None:
    protect_files(photos[:1], tmp_path / "out", SpreadSpectrum(Key.load(protected_run / KEY_FILE)))
    unfind("verify", tmp_path / "out", "--run", protected_run)


def test_only_keyed_marks_can_be_verified(wrong, photos: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unfind.cli.verify.pick_mark", lambda key, run, **options: BadNets())
    assert "only keyed marks can" in wrong("verify", photos[0])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "No such file"),
        ("", "starts with"),
        ("hello", "starts with"),
        ("\xff", "not text"),
        ("unfind-key-1:AAAA\n", "checksum"),
    ],
)
def test_what_is_no_key(wrong, photos: list[Path], tmp_path: Path, content: str | None, says: str) -> None:
    if content is not None:
        (tmp_path / "my.key").write_text(content, encoding="latin-1")
    sentence = wrong("verify", photos[0], "--key", tmp_path / "my.key", code=1)
    assert says in sentence
    assert "my.key" in sentence


@pytest.mark.parametrize("length", [13, 20, 40, 60])
def test_a_truncated_key(wrong, photos: list[Path], key: Path, length: int) -> None:
    key.write_text(key.read_text()[:length])
    assert "my.key" in wrong("verify", photos[0], "--key", key, code=1)


def test_no_key_at_all(wrong, photos: list[Path]) -> None:
    assert "--key FILE or --run FOLDER" in wrong("verify", photos[0])


def test_no_photos(wrong, key: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "got none" in wrong("verify", tmp_path / "empty", "--key", key)
    assert "gone.jpg" in wrong("verify", tmp_path / "gone.jpg", "--key", key)
