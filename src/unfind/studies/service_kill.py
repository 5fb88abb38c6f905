"""Kill a writer at random moments, and look what is left."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from unfind.gallery.ids import content_id
from unfind.gallery.record import Record
from unfind.gallery.store import Gallery

DIMENSION = 64
PER_ROUND = 100_000
"""Numbers that one writer may use; it is killed long before."""
LONGEST = 0.8
"""Seconds that a writer may write at most."""


@dataclass(frozen=True)
class Killed:
    """What rounds of kill -9 have shown.

    Attributes:
        rounds: Writers killed.
        acknowledged: Writes and removals that were acknowledged.
        lost: Acknowledged photos that were gone.
        back: Removed photos that were there again.
        wrong: Photos whose own vector did not find them.
        damaged: Rounds after which the check found damage.
        slowest_open: Seconds that opening took at most, with all digests compared.
    """

    rounds: int
    acknowledged: int
    lost: int
    back: int
    wrong: int
    damaged: int
    slowest_open: float


def vector_of(number: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """The embedding of a made-up photo, float32 (64,)."""
    row = np.random.default_rng(number).standard_normal(DIMENSION, np.float32)
    return np.asarray(row / np.linalg.norm(row), np.float32)


def id_of(number: int) -> str:
    """The content id of a made-up photo."""
    return content_id(str(number).encode())


def write_for_ever(folder: Path, first: int) -> None:
    """Add, remove, erase and merge, and print each thing as soon as it is acknowledged."""
    gallery = Gallery.open(folder)
    for number in range(first, first + PER_ROUND):
        gallery.add([Record(id_of(number), "", 1, 1, 1, datetime.now(UTC), vector_of(number))])
        print("added", number, flush=True)
        if number % 3 == 0:
            print("going", number, flush=True)
            (gallery.erase if number % 9 == 0 else gallery.remove)([id_of(number)])
            print("gone", number, flush=True)
        if number % 5 == 0:
            gallery.compact()


def kill_rounds(folder: Path, rounds: int, seed: int = 0) -> Killed:
    """Start a writer, kill it with SIGKILL at a random moment, open the gallery and compare; again and again.

    Args:
        folder: For the gallery; nothing is there yet.
        rounds: How often.
        seed: Of the moments.

    Returns:
        What was seen.
    """
    Gallery.create(folder, dimension=DIMENSION, fingerprint="bench")
    draw = np.random.default_rng(seed)
    must: set[int] = set()
    gone: set[int] = set()
    acknowledged = lost = back = wrong = damaged = 0
    slowest = 0.0
    for turn in range(rounds):
        lines = _killed_writer(folder, turn * PER_ROUND, draw.uniform(0, LONGEST))
        acknowledged += sum(word != "going" for word, _ in lines)
        must |= {number for word, number in lines if word == "added"}
        must -= {number for word, number in lines if word == "going"}  # half removed, either state is right
        gone |= {number for word, number in lines if word == "gone"}
        began = time.perf_counter()
        gallery = Gallery.open(folder)
        ids = set(gallery.ids())
        slowest = max(slowest, time.perf_counter() - began)
        lost += sum(id_of(number) not in ids for number in must)
        back += sum(id_of(number) in ids for number in gone)
        sample = [number for number in list(must)[-20:] if id_of(number) in ids]
        wrong += sum(gallery.search(vector_of(number)[None], 1)[0][0].id != id_of(number) for number in sample)
        damaged += bool(gallery.check())
    return Killed(rounds, acknowledged, lost, back, wrong, damaged, slowest)


def _killed_writer(folder: Path, first: int, seconds: float) -> list[tuple[str, int]]:
    """What a writer printed before it was killed; the first line is waited for."""
    command = [sys.executable, "-m", "unfind.studies.service_kill", str(folder), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        lines = [writer.stdout.readline()]
        time.sleep(seconds)
        writer.kill()
        lines += writer.stdout.readlines()
    words = [line.split() for line in lines if line.endswith("\n")]
    return [(word, int(number)) for word, number in words]


if __name__ == "__main__":
    write_for_ever(Path(sys.argv[1]), int(sys.argv[2]))
