"""Telling where a run stands."""

from __future__ import annotations

import pytest

from unfind.studies.progress import Progress, silent


def test_silent_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    listener: Progress = silent
    for done in range(3):
        listener("decode photos", done, 3)
    assert capsys.readouterr() == ("", "")
