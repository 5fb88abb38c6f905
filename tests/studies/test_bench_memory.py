"""Peak memory of the evaluation, measured in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from unfind.errors import EvaluationError
from unfind.studies import bench_memory
from unfind.studies.bench_memory import measure_peak


def test_a_small_evaluation_is_measured() -> None:
    peak = measure_peak(500, 16)
    assert peak.count == 500
    # More than an empty interpreter, less than the whole of a small laptop.
    assert 0.03 < peak.gigabytes < 4
    assert 0 < peak.seconds < 60


def test_memory_of_the_process_that_asks_is_not_counted() -> None:
    before = measure_peak(500, 16).gigabytes
    ballast = np.ones(2**27)  # 1.07 GB, touched
    after = measure_peak(500, 16).gigabytes
    assert ballast.any()
    assert after < before + 0.5


def test_failure_is_told_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        assert command[0] == sys.executable
        return subprocess.CompletedProcess(command, 1, "", "Traceback\nMemoryError: no room")

    monkeypatch.setattr(subprocess, "run", fail)
    with pytest.raises(EvaluationError, match=r"500 embeddings.*no room"):
        measure_peak(500, 16)


def test_the_work_is_the_four_tasks(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[tuple[np.ndarray, ...]] = []
    monkeypatch.setattr(bench_memory, "four_tasks", lambda *arrays, options: seen.append((*arrays, options)))
    bench_memory._main(10, 4)
    clean, triggered, labels, sources, options = seen[0]
    np.testing.assert_allclose(np.linalg.norm(clean, axis=1), 1, atol=1e-6)
    assert not np.array_equal(clean, triggered)
    assert np.bincount(labels).tolist() == [5, 5]
    assert sources.tolist() == list(range(10))
    assert not options.clustering
    assert '"gigabytes"' in capsys.readouterr().out
