from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.gallery import traces
from unfind.gallery.traces import FEW, find_all, scan_files


@settings(deadline=None, max_examples=60)
@given(
    data=st.binary(max_size=300),
    planted=st.lists(st.tuples(st.integers(0, 300), st.binary(min_size=8, max_size=24)), max_size=FEW + 8),
    absent=st.lists(st.binary(min_size=8, max_size=24), max_size=FEW + 8),
)
def test_finding_equals_python(data: bytes, planted: list[tuple[int, bytes]], absent: list[bytes]) -> None:
    for place, needle in planted:
        data = data[:place] + needle + data[place:]
    needles = [needle for _, needle in planted] + absent
    assert find_all(data, needles) == {i for i, needle in enumerate(needles) if needle in data}


@pytest.mark.parametrize("count", [3, 40])
def test_needles_are_found_where_two_chunks_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(traces, "CHUNK", 100)
    draw = np.random.default_rng(0)
    needles = [draw.bytes(32) for _ in range(count)]
    (tmp_path / "a").write_bytes(draw.bytes(85) + needles[0] + draw.bytes(400) + needles[1])
    (tmp_path / "b").write_bytes(b"")
    scan = scan_files([tmp_path / "a", tmp_path / "b", tmp_path / "gone"], needles)
    assert (scan.found, scan.files, scan.bytes) == ({0, 1}, 2, 85 + 32 + 400 + 32)


def test_without_needles_nothing_is_found(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 10)
    assert scan_files([tmp_path / "a"], []).found == frozenset()
