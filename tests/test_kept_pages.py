from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from unfind import kept_pages

FAULTS = """
    import resource, torch
    from unfind.kept_pages import keep_pages
    torch.set_num_threads(1)
    KEEP
    def step():
        torch.ones(24_000_000).add_(1)
    for _ in range(9):  # until the heap has room for aligned pieces
        step()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        step()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(keep: str) -> int:
    """Pages that the system had to hand out anew while 96 MB were taken and freed five times."""
    code = textwrap.dedent(FAULTS).replace("KEEP", keep)
    return int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc can be told")
def test_what_was_freed_is_used_again() -> None:
    assert faults("assert keep_pages()") * 3 < faults("pass")


def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_pages.sys, "platform", "darwin")
    assert not kept_pages.keep_pages.__wrapped__()


def test_other_c_libraries_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_pages.ctypes, "CDLL", lambda name: object())
    assert not kept_pages.keep_pages.__wrapped__()
