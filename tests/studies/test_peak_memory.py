"""The peak is that of this process, and stays when memory is given back."""

from __future__ import annotations

import builtins
import subprocess
import sys

import pytest

from unfind.studies.peak_memory import peak_bytes

SLOW_SMALL = "from unfind.studies.peak_memory import peak_bytes; "


def test_what_was_held_counts_though_it_is_given_back() -> None:
    program = SLOW_SMALL + "a = peak_bytes(); b = bytearray(200_000_000); del b; c = peak_bytes(); print(a, c)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    before, after = (int(word) for word in done.stdout.split())
    assert before < 150_000_000
    assert 190_000_000 < after - before < 260_000_000


def test_where_there_is_no_listing_the_system_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*words: object, **options: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(builtins, "open", absent)
    assert peak_bytes() > 10_000_000
