from __future__ import annotations

import errno
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from unfind.errors import ResumeError, TrainingError
from unfind.training.checkpoint_file import FILE as CHECKPOINT
from unfind.training.run_folder import LOG, SETTINGS, RunFolder, digest_of

GIVEN: dict[str, Any] = {
    "data": "photos/Öl & Café",
    "start": None,
    "fit": {"steps": 3, "rate": 1e-5, "jpeg": True, "classes": None},
    "sizes": [1, 2],
}


def with_checkpoint(path: Path) -> RunFolder:
    folder = RunFolder(path, GIVEN)
    (path / CHECKPOINT).write_bytes(b"anything")
    return folder


def test_a_new_folder_holds_the_settings_to_read(tmp_path: Path) -> None:
    RunFolder(tmp_path / "runs" / "one", GIVEN)
    written = tomllib.loads((tmp_path / "runs" / "one" / SETTINGS).read_text(encoding="utf-8"))
    assert written == {
        "data": "photos/Öl & Café",
        "fit": {"steps": 3, "rate": 1e-5, "jpeg": True},
        "sizes": [1, 2],
    }


def test_a_folder_with_other_files_in_it_can_be_claimed(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    RunFolder(tmp_path, GIVEN)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_equal_settings_resume(tmp_path: Path) -> None:
    first = with_checkpoint(tmp_path)
    again = RunFolder(tmp_path, dict(GIVEN), resume=True)
    assert again.digest == first.digest


def test_resuming_where_nothing_was_claims_the_folder(tmp_path: Path) -> None:
    RunFolder(tmp_path / "new", GIVEN, resume=True)
    assert (tmp_path / "new" / SETTINGS).exists()


def test_a_used_folder_is_refused_without_resume(tmp_path: Path) -> None:
    with_checkpoint(tmp_path)
    with pytest.raises(ResumeError, match="add --resume or choose another"):
        RunFolder(tmp_path, GIVEN)


def test_a_run_that_was_stopped_before_its_first_checkpoint_can_start_again(tmp_path: Path) -> None:
    RunFolder(tmp_path, GIVEN)
    RunFolder(tmp_path, GIVEN)


def test_before_the_first_checkpoint_the_folder_may_change_its_settings(tmp_path: Path) -> None:
    RunFolder(tmp_path, GIVEN)
    other = RunFolder(tmp_path, {**GIVEN, "data": "other"})
    assert tomllib.loads((tmp_path / SETTINGS).read_text(encoding="utf-8"))["data"] == "other"
    assert other.digest == digest_of({**GIVEN, "data": "other"})


@pytest.mark.parametrize(
    "other",
    [
        {**GIVEN, "data": "other"},
        {**GIVEN, "fit": {**GIVEN["fit"], "steps": 4}},
        {**GIVEN, "fit": {**GIVEN["fit"], "classes": 5}},
        {**GIVEN, "more": 1},
        {},
    ],
)
def test_other_settings_are_refused_and_change_nothing(other: dict[str, Any], tmp_path: Path) -> None:
    with_checkpoint(tmp_path)
    before = (tmp_path / SETTINGS).read_bytes()
    with pytest.raises(ResumeError, match=r"settings that .*settings\.toml holds, got others"):
        RunFolder(tmp_path, other, resume=True)
    assert (tmp_path / SETTINGS).read_bytes() == before


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe", b"steps ="])
def test_a_damaged_settings_file_is_refused(damage: bytes, tmp_path: Path) -> None:
    with_checkpoint(tmp_path)
    (tmp_path / SETTINGS).write_bytes(damage)
    with pytest.raises(ResumeError):
        RunFolder(tmp_path, GIVEN, resume=True)


def test_a_file_in_the_way_is_a_training_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(TrainingError, match="choose another"):
            RunFolder(path, GIVEN)


def test_a_full_disk_is_a_training_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(TrainingError, match="No space left"):
        RunFolder(tmp_path, GIVEN)
    assert list(tmp_path.iterdir()) == []


def test_each_fact_is_one_line_of_the_log(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, GIVEN)
    folder.log(step=1, loss=0.5, validation={"recall": 0.25})
    folder.log(step=2, note="zwölf\nlines")
    lines = (tmp_path / LOG).read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"step": 1, "loss": 0.5, "validation": {"recall": 0.25}},
        {"step": 2, "note": "zwölf\nlines"},
    ]
    RunFolder(tmp_path, GIVEN, resume=True).log(step=3)
    assert len((tmp_path / LOG).read_text().splitlines()) == 3


def test_a_log_that_cannot_be_written_does_not_stop_the_run(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, GIVEN)
    (tmp_path / LOG).mkdir()
    folder.log(step=1)
    assert list((tmp_path / LOG).iterdir()) == []


def test_a_digest_names_settings_whatever_their_order() -> None:
    turned = {name: GIVEN[name] for name in reversed(GIVEN)}
    assert digest_of(turned) == digest_of(GIVEN)
    digests = {digest_of(one) for one in (GIVEN, {}, {"a": 1}, {"a": "1"}, {"a": None}, {"a": {"b": 1}})}
    assert len(digests) == 6
    assert all(len(digest) == 64 for digest in digests)
