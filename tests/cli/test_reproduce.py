"""``unfind reproduce``: one verb, whose first word is the paper."""

from __future__ import annotations

from unfind.cli.reproduce import app
from unfind.cli.reproduce_mip import mip
from unfind.cli.reproduce_rnm import rnm


def test_papers_are_words_of_one_verb() -> None:
    assert app["mip"].default_command is mip
    assert app["rnm"].default_command is rnm


def test_help_names_them(unfind) -> None:
    listed = unfind("reproduce", "--help").out
    assert "mip" in listed
    assert "rnm" in listed


def test_another_paper_is_refused(wrong) -> None:
    assert "gan" in wrong("reproduce", "gan")
