"""Peak memory and time of the four tasks on random embeddings, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unfind.errors import EvaluationError
from unfind.evaluation.tasks import Options, four_tasks
from unfind.studies.peak_memory import peak_bytes

PHOTOS_PER_CLASS = 5
"""As in Stanford Online Products, whose test part is what 60,000 stands for."""


@dataclass(frozen=True)
class Peak:
    """What the evaluation of ``count`` embeddings took."""

    count: int
    gigabytes: float
    seconds: float


def measure_peak(count: int, dimension: int) -> Peak:
    """Evaluate random embeddings in a fresh process and return its peak resident memory (10^9 bytes).

    Raises:
        EvaluationError: the process failed, for example for want of memory.
    """
    command = [sys.executable, "-m", "unfind.studies.bench_memory", str(count), str(dimension)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise EvaluationError(f"Expected to evaluate {count} embeddings, got '{reason}': free some memory.")
    found = json.loads(done.stdout)
    return Peak(count, found["gigabytes"], found["seconds"])


def _units(count: int, dimension: int, seed: int) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).standard_normal((count, dimension), dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def _main(count: int, dimension: int) -> None:
    """Four tasks without clustering: k-means does not touch the ranking kernel that is measured here."""
    started = time.perf_counter()
    labels = np.arange(count) // PHOTOS_PER_CLASS
    four_tasks(
        _units(count, dimension, 0),
        _units(count, dimension, 1),
        labels,
        np.arange(count),
        options=Options(clustering=False),
    )
    print(json.dumps({"gigabytes": peak_bytes() / 1e9, "seconds": time.perf_counter() - started}))


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]))
