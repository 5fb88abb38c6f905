"""Results on stdout, everything else on stderr."""

from __future__ import annotations

import io
import json
import sys

import pytest

from unfind.cli.output import percent, print_json, print_table, progress_bar, say, warn_refused


class Terminal(io.StringIO):
    """A stderr that somebody looks at."""

    def isatty(self) -> bool:
        return True


def test_say_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    say("hello")
    assert capsys.readouterr() == ("", "hello\n")


def test_json_is_one_document_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": [1, None], "b": "ü"})
    out, err = capsys.readouterr()
    assert json.loads(out) == {"a": [1, None], "b": "ü"}
    assert err == ""


def test_numbers_that_json_does_not_know_are_refused() -> None:
    with pytest.raises(ValueError, match="Out of range"):
        print_json({"a": float("nan")})


def test_a_table_has_title_head_and_rows(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("Photos [of] all", ["file", "marked"], [["a[1].jpg", "yes"], ["b.jpg", "no"]])
    out, err = capsys.readouterr()
    lines = [line.split() for line in out.splitlines()]
    assert lines == [["Photos", "[of]", "all"], ["file", "marked"], ["a[1].jpg", "yes"], ["b.jpg", "no"]]
    assert err == ""


def test_a_title_longer_than_the_table_stays_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    title = "Found for a/very/long/path/" + "x" * 150
    print_table(title, ["a"], [["1"]])
    assert capsys.readouterr().out.splitlines()[0] == title


def test_a_table_without_a_head_has_none(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("t", ["", ""], [["a", "1"]])
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [["t"], ["a", "1"]]


def test_progress_is_silent_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar() as progress:
        progress("decode", 1, 2)
    assert capsys.readouterr() == ("", "")


def test_progress_is_seen_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with progress_bar() as progress:
        progress("decode [all] photos", 1, 2)
        progress("fit pbl (loss 0.123)", 3, 7)
        progress("fit pbl (loss 0.001)", 7, 7)
    shown = terminal.getvalue()
    assert "fit pbl (loss 0.001)" in shown
    assert "7/7" in shown
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.5, "50.00"),
        ({"value": 0.12345, "low": 0, "high": 1}, "12.35"),
        (None, "-"),
        ({"value": None}, "-"),
        (0, "0.00"),
    ],
)
def test_percent(value: object, shown: str) -> None:
    assert percent(value) == shown


def test_refused_photos_are_named_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    warn_refused([(f"{i}.jpg", "no photo") for i in range(7)])
    lines = capsys.readouterr().err.splitlines()
    assert lines[:5] == [f"unfind: left out {i}.jpg: no photo" for i in range(5)]
    assert lines[5:] == ["unfind: left out 2 more photos; 7 in all."]


def test_no_refused_photos_no_words(capsys: pytest.CaptureFixture[str]) -> None:
    warn_refused([])
    assert capsys.readouterr() == ("", "")


def test_snapshots_of_one_photo_are_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    shots = [(f"{name}.jpg/shot-{i:02d}.jpg", "damaged") for name in "ab" for i in range(8)]
    warn_refused(shots)
    assert capsys.readouterr().err == "unfind: left out a.jpg: damaged\nunfind: left out b.jpg: damaged\n"


def test_photos_that_are_only_called_shots_are_told_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    warn_refused([("holiday/shot-01.jpg", "damaged"), ("holiday/shot-02.jpg", "damaged")])
    assert capsys.readouterr().err.count("\n") == 2
